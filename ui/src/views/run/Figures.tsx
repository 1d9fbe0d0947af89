import type { RunDetails } from "../../client/runs";
import { FigureList } from "../../parts/FigureList";
import { duration } from "../../parts/times";

/** What the run took; what is not known is left out. */
export function Figures({ details }: { details: RunDetails }) {
  const { timing, usage, model, provider, errorCode, status } = details;
  return (
    <FigureList
      rows={[
        ["Status", status, status],
        ["Error", errorCode],
        ["Started", new Date(timing.startedAt).toLocaleString()],
        ["Duration", duration(timing.durationMilliseconds)],
        ["First event", duration(timing.firstEventMilliseconds)],
        ["Model", model && [provider, model].filter(Boolean).join(" · ")],
        ["Tokens in", usage?.inputTokens?.toLocaleString()],
        ["Tokens out", usage?.outputTokens?.toLocaleString()],
        ["Cost", costOf(details)],
      ]}
    />
  );
}

function costOf({ cost, usage, status }: RunDetails): string | undefined {
  if (cost) return `$${cost.usd}`;
  if (status === "Running") return undefined;
  return usage ? "price not known" : "no tokens reported";
}
