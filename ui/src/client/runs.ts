// One run: what the runtime knows of it, and its records.
import { graphql } from "./graphql";
import type { Operations } from "./operations";

const QUERY = `query Run($id: String!, $thread: String!, $first: Int!, $after: String) {
  run(id: $id, threadId: $thread) {
    agentName status provider model errorCode
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
const LOOK_EVERY = 700; // milliseconds, while the run is live

type Run = Operations["Run"];
type Answered = NonNullable<Run["result"]["run"]>;

export type RunDetails = Omit<Answered, "events">;
export type RunRecord = Answered["events"]["nodes"][number];

export interface RunPage {
  details: RunDetails;
  records: RunRecord[];
}

/** The run with the records after those before, page by page, until it has ended; null for none. */
export async function* followRun(
  thread: string,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<RunPage | null> {
  let after: string | null = null;
  while (!signal.aborted) {
    const variables: Run["variables"] = { id, thread, first: PAGE, after };
    const { run }: Run["result"] = await graphql(QUERY, variables, signal);
    if (!run) {
      yield null;
      return;
    }
    const { events, ...details } = run;
    yield { details, records: events.nodes };
    after = events.nodes.at(-1)?.cursor ?? after;
    if (events.pageInfo.hasNextPage) continue;
    if (details.status !== "Running") return;
    await new Promise((resolve) => window.setTimeout(resolve, LOOK_EVERY));
  }
}
