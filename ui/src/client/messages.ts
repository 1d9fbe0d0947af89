// The conversation of a thread, as its agents were given it.
import { path, request } from "./requests";

export interface Message {
  id: string;
  role: string;
  [key: string]: unknown;
}

interface Shown extends Message {
  toolCalls?: { id: string; name: string; args: string }[];
}

export async function messagesOf(thread: string, signal?: AbortSignal): Promise<Message[]> {
  const place = `${path("threads", thread)}/messages`;
  const { messages } = await request<{ messages: Shown[] }>(place, { signal });
  return messages.map(({ toolCalls, ...message }) =>
    toolCalls ? { ...message, toolCalls: toolCalls.map(callOf) } : message,
  );
}

function callOf({ id, name, args }: { id: string; name: string; args: string }) {
  return { id, type: "function", function: { name, arguments: args } };
}
