import { Link, to } from "../../app/router";
import type { MemoryEntry } from "../../client/memories";
import { since } from "../../parts/times";
import { placeOfMessage, writerOf } from "./words";

/** Who wrote an entry and where, how often it came up, and when. */
export function EntryOrigin({ entry }: { entry: MemoryEntry }) {
  const { readable, origin, times, confidence, updatedAt } = entry;
  if (!readable) return null;
  const { thread, threadId, runId, messageId } = origin;
  return (
    <p className="hint">
      {writerOf(entry)}
      {thread && (
        <>
          {" in "}
          <Link to={placeOfMessage(threadId, messageId)} dir="auto">
            {thread.name ?? "a thread"}
          </Link>
          {runId && (
            <>
              {" ("}
              <Link to={to("threads", threadId, "runs", runId)}>run</Link>
              {")"}
            </>
          )}
        </>
      )}
      {threadId && !thread && " in a thread that was deleted"}
      {times > 1 && ` · ${times} times`}
      {confidence !== null && ` · ${Math.round(100 * confidence)} % sure`}
      {updatedAt && <Moment of={updatedAt} />}
    </p>
  );
}

function Moment({ of: moment }: { of: string }) {
  return (
    <>
      {" · "}
      <time dateTime={moment} title={new Date(moment).toLocaleString()}>
        {since(moment)}
      </time>
    </>
  );
}
