import { Link, to } from "../../app/router";
import { endingOf, isLive } from "../../client/endings";
import type { RunDetails } from "../../client/runs";
import { FigureList } from "../../parts/FigureList";
import { shortId } from "../../parts/ids";
import { duration } from "../../parts/times";

/** What the run took; what is not known is left out. */
export function Figures({ thread, details }: { thread: string; details: RunDetails }) {
  const { timing, usage, model, provider, errorCode, status, continuedBy } = details;
  return (
    <FigureList
      rows={[
        ["Status", endingOf(details), status],
        [
          "Continued by",
          continuedBy && (
            <Link to={to("threads", thread, "runs", continuedBy)}>Run {shortId(continuedBy)}</Link>
          ),
        ],
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
  if (isLive(status)) return undefined;
  return usage ? "price not known" : "no tokens reported";
}
