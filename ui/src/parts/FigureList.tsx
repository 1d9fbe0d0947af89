import type { ReactNode } from "react";

/** Names with values, side by side; a value that is not known is left out. A third text is a state
 * that may have a colour.
 */
export function FigureList({ rows }: { rows: [string, ReactNode, string?][] }) {
  return (
    <dl className="figures">
      {rows.map(([name, value, status]) =>
        value ? (
          <div key={name} data-status={status}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
