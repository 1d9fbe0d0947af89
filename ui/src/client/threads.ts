// The caller's threads.
import { path, request, send } from "./requests";

export interface Thread {
  id: string;
  name: string | null;
  agentId: string;
  archived: boolean;
  createdAt: string;
  updatedAt: string;
}

export interface ThreadPage {
  threads: Thread[];
  nextCursor: string | null;
}

export interface ThreadQuery {
  search?: string;
  includeArchived?: boolean;
  cursor?: string | null;
  limit?: number;
}

export interface Run {
  id: string;
  agentId: string;
  status: string;
  /** The run with which the thread went on from its interrupt. */
  continuedBy: string | null;
  startedAt: string;
  endedAt: string | null;
  milliseconds: number | null;
  messages: { id: string }[];
}

export function listThreads(query: ThreadQuery, signal?: AbortSignal): Promise<ThreadPage> {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") words.set(name, String(value));
  }
  return request(`/threads?${words}`, { signal });
}

export function renameThread(thread: string, name: string): Promise<Thread> {
  return send(path("threads", thread), "PATCH", { name });
}

export function archiveThread(thread: string, archived: boolean): Promise<Thread> {
  return send(path("threads", thread), "PATCH", { archived });
}

/** `memory`: with what was remembered from it. */
export function deleteThread(thread: string, memory: boolean): Promise<void> {
  const query = memory ? "?memory=true" : "";
  return request(path("threads", thread) + query, { method: "DELETE" });
}

/** The runs that the log still holds, oldest first. */
export async function runsOf(thread: string, signal?: AbortSignal): Promise<Run[]> {
  return (await request<{ runs: Run[] }>(`${path("threads", thread)}/runs`, { signal })).runs;
}
