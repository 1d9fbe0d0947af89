import type { Row } from "./measures";
import { MEASURES } from "./measures";

interface TableProps {
  title: string;
  rows: Row[];
  nameOf: (row: Row) => string;
}

/** Every figure of every row. */
export function Table({ title, rows, nameOf }: TableProps) {
  const measures = Object.entries(MEASURES);
  return (
    <div className="table" tabIndex={0} role="group" aria-label="All figures">
      <table>
        <thead>
          <tr>
            <th scope="col">{title}</th>
            {measures.map(([name, { label }]) => (
              <th key={name} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={nameOf(row)}>
              <th scope="row">{nameOf(row)}</th>
              {measures.map(([name, measure]) => (
                <td key={name}>{shownOf(row, measure)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The figure as people read it; a dash where it is not known. */
export function shownOf(row: Row, measure: (typeof MEASURES)[string]): string {
  const value = measure.of(row);
  return value === null ? "–" : measure.shown(value);
}
