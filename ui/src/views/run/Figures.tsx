import type { RunDetails } from "../../client/runs";
import { duration } from "../../parts/times";

/** What the run took; what is not known is left out. */
export function Figures({ details }: { details: RunDetails }) {
  const { timing, usage, cost, model, provider, errorCode } = details;
  const rows: [string, string | null | undefined][] = [
    ["Status", details.status],
    ["Error", errorCode],
    ["Started", new Date(timing.startedAt).toLocaleString()],
    ["Duration", duration(timing.durationMilliseconds)],
    ["First event", duration(timing.firstEventMilliseconds)],
    ["Model", model && [provider, model].filter(Boolean).join(" · ")],
    ["Tokens in", usage?.inputTokens?.toLocaleString()],
    ["Tokens out", usage?.outputTokens?.toLocaleString()],
    ["Cost", cost && `$${cost.usd}`],
  ];
  return (
    <dl className="figures">
      {rows.map(([name, value]) =>
        value ? (
          <div key={name} data-status={name === "Status" ? value : undefined}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
