// One run: what the runtime knows of it, and its records.
import { isLive, waits } from "./endings";
import { graphql } from "./graphql";
import type { Operations } from "./operations";

const QUERY = `query Run($id: String!, $thread: String!, $first: Int!, $after: String) {
  run(id: $id, threadId: $thread) {
    agentName status continuedBy provider model errorCode
    cost { usd prices }
    usage { inputTokens outputTokens totalTokens reasoningTokens }
    timing { startedAt durationMilliseconds firstEventMilliseconds }
    messageFigures { messageId milliseconds }
    events(first: $first, after: $after) {
      nodes { cursor seq type event }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

const PAGE = 1000;

/** Milliseconds until the next look at a run that is not at its end. */
const LIVE = 700;
const WAITING = 2000;

type Run = Operations["Run"];
type Answered = NonNullable<Run["result"]["run"]>;

export type RunDetails = Omit<Answered, "events">;
export type RunRecord = Answered["events"]["nodes"][number];

export interface RunPage {
  details: RunDetails;
  records: RunRecord[];
}

/** The run with the records after those before, page by page, until it has ended and waits for no
 * answer any more; null for none.
 */
export async function* followRun(
  thread: string,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<RunPage | null> {
  let after: string | null = null;
  while (!signal.aborted) {
    let latest: RunPage | null = null;
    for await (const page of pagesOf(thread, id, signal, after)) {
      yield page;
      latest = page;
      after = page?.records.at(-1)?.cursor ?? after;
    }
    const pause = latest && pauseAfter(latest.details);
    if (!pause) return;
    await new Promise((resolve) => window.setTimeout(resolve, pause));
  }
}

/** The same as it is now, with the records after a cursor. */
export async function* pagesOf(
  thread: string,
  id: string,
  signal: AbortSignal,
  start: string | null = null,
): AsyncGenerator<RunPage | null> {
  let after = start;
  while (!signal.aborted) {
    const variables: Run["variables"] = { id, thread, first: PAGE, after };
    const { run }: Run["result"] = await graphql(QUERY, variables, signal);
    if (!run) {
      yield null;
      return;
    }
    const { events, ...details } = run;
    yield { details, records: events.nodes };
    after = events.pageInfo.endCursor;
    if (!events.pageInfo.hasNextPage) return;
  }
}

function pauseAfter(run: RunDetails): number | null {
  if (isLive(run.status)) return LIVE;
  return waits(run) ? WAITING : null;
}
