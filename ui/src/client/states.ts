// An agent's state in a thread, as it was saved last, and the runs that saved it.
import { graphql } from "./graphql";

export interface SavedState {
  /** JSON text, as it came: numbers in it may be larger than JavaScript's. */
  text: string;
  /** 0 before the first save. */
  version: number;
  /** Whether there is any. */
  exists: boolean;
}

export interface ThreadRun {
  id: string;
  agentName: string;
  status: string;
  timing: { startedAt: string };
}

export interface StateThread {
  id: string;
  name: string | null;
  agentName: string;
  /** Newest first. */
  runs: ThreadRun[];
}

const THREAD = `query StateThread($id: String!) {
  thread(id: $id) {
    id name agentName
    runs(first: 100) { id agentName status timing { startedAt } }
  }
}`;

const LOAD = `query LoadState($data: LoadAgentStateInput!) {
  loadAgentState(data: $data) { threadExists state version }
}`;

const SAVE = `mutation SaveState($data: SaveAgentStateInput!) {
  saveAgentState(data: $data) { version }
}`;

export const CONFLICT = "STATE_CONFLICT";

export async function stateThread(id: string, signal?: AbortSignal): Promise<StateThread> {
  return (await graphql<{ thread: StateThread }>(THREAD, { id }, signal)).thread;
}

export async function loadState(
  threadId: string,
  agentName: string,
  signal?: AbortSignal,
): Promise<SavedState> {
  const { loadAgentState: found } = await graphql<{
    loadAgentState: { threadExists: boolean; state: string; version: number };
  }>(LOAD, { data: { threadId, agentName } }, signal);
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
