import { useState } from "react";
import { Link, to } from "../../app/router";
import { endingOf } from "../../client/endings";
import { useLoading } from "../../client/loading";
import type { RunRecord } from "../../client/runs";
import { pagesOf } from "../../client/runs";
import type { ThreadRun } from "../../client/states";
import { FailureBanner } from "../../parts/Banner";
import { Spinner } from "../../parts/Spinner";
import { shortId } from "../../parts/ids";
import { since } from "../../parts/times";
import { changesOf } from "./changes";

/** A run that may have changed the state; what it changed is loaded when somebody opens it. */
export function RunChanges({ thread, run }: { thread: string; run: ThreadRun }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="run-changes"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className="run-question" dir="auto">
          {run.question ?? "Without a new question"}
        </span>
        <span className="hint">
          <Moment of={run.timing.startedAt} /> · {run.agentName} · {endingOf(run)} ·{" "}
          <code title={run.id}>{shortId(run.id)}</code>
        </span>
      </summary>
      {isOpen && <Changes key={run.status} thread={thread} run={run.id} />}
    </details>
  );
}

function Moment({ of: moment }: { of: string }) {
  return (
    <time dateTime={moment}>
      {new Date(moment).toLocaleString()} ({since(moment)})
    </time>
  );
}

function Changes({ thread, run }: { thread: string; run: string }) {
  const { value, failure, again } = useLoading(
    (signal) => recordsOf(thread, run, signal),
    [thread, run],
  );
  if (!value) {
    return failure ? (
      <FailureBanner failure={failure} onRetry={again} />
    ) : (
      <Spinner label="Loading the run" />
    );
  }
  const changes = changesOf(value);
  return (
    <>
      {changes.length === 0 && <p className="hint">It emitted no changes.</p>}
      <ol className="changes">
        {changes.map(({ cursor, what, value: written }, place) => (
          <li key={place}>
            <Link to={`${to("threads", thread, "runs", run)}?at=${encodeURIComponent(cursor)}`}>
              {what}
            </Link>{" "}
            <code>{written}</code>
          </li>
        ))}
      </ol>
      <Link to={to("threads", thread, "runs", run)}>The run</Link>
    </>
  );
}

/** The records that it has by now. */
async function recordsOf(
  thread: string,
  run: string,
  signal: AbortSignal,
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for await (const page of pagesOf(thread, run, signal)) {
    records.push(...(page?.records ?? []));
  }
  return records;
}
