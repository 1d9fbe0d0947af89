// An agent's state in a thread, as it was saved last, and the runs that saved it.
import { graphql } from "./graphql";
import type { Operations } from "./operations";
import { RequestFailure } from "./requests";

export interface SavedState {
  /** JSON text, as it came: numbers in it may be larger than JavaScript's. */
  text: string;
  /** 0 before the first save. */
  version: number;
  /** Whether there is any. */
  exists: boolean;
}

const THREAD = `query StateThread($id: String!) {
  thread(id: $id) {
    id name agentName
    runs(first: 100) { id agentName status continuedBy question timing { startedAt } }
  }
}`;

const LOAD = `query LoadState($data: LoadAgentStateInput!) {
  loadAgentState(data: $data) { threadExists state version }
}`;

const SAVE = `mutation SaveState($data: SaveAgentStateInput!) {
  saveAgentState(data: $data) { version }
}`;

/** With its runs, the newest first. */
export type StateThread = NonNullable<Operations["StateThread"]["result"]["thread"]>;
export type ThreadRun = StateThread["runs"][number];

const GONE = "The thread does not exist, or it is somebody else's.";

export const CONFLICT = "STATE_CONFLICT";

export async function stateThread(id: string, signal?: AbortSignal): Promise<StateThread> {
  const { thread } = await graphql(THREAD, { id }, signal);
  if (!thread) throw new RequestFailure(GONE, 200, "THREAD_NOT_FOUND", null);
  return thread;
}

export async function loadState(
  threadId: string,
  agentName: string,
  signal?: AbortSignal,
): Promise<SavedState> {
  const variables = { data: { threadId, agentName } };
  const { loadAgentState: found } = await graphql(LOAD, variables, signal);
  return { text: found.state, version: found.version, exists: found.threadExists };
}

/** Saves this text; raises RequestFailure with CONFLICT where `before` is not the latest version. */
export async function saveState(
  threadId: string,
  agentName: string,
  text: string,
  before: number,
): Promise<void> {
  const data = { threadId, agentName, state: text, expectedVersion: before };
  await graphql(SAVE, { data });
}
