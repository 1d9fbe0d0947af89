// Reads streams with the published clients. Stdin: a list of jobs {client, url, threadId, text?, headers?, envelope?};
// stdout: for each, what came and what the client made of it {streams, types, messages, state} or {streams, types,
// error}. Interrupts are answered once, and calls that the page is to carry out get a result.
import { text } from "node:stream/consumers";

console.warn = console.error = console.debug = () => {};

const realFetch = globalThis.fetch;

const userMessage = (content) => ({ id: `u-${crypto.randomUUID()}`, role: "user", content });

const answerTo = (interrupts) =>
  interrupts.map(({ id }) => ({ interruptId: id, status: "resolved", payload: { approved: true } }));

// Keeps a copy of each stream; in an `envelope` the request goes as its body. The oldest clients know no other fetch.
function watched(streams, envelope) {
  return async (url, init) => {
    const body = envelope ? JSON.stringify({ ...envelope, body: JSON.parse(init.body) }) : init.body;
    const response = await realFetch(url, { ...init, body });
    const [told, copy] = response.body.tee();
    streams.push({ type: response.headers.get("content-type"), raw: text(copy) });
    return new Response(told, response);
  };
}

// The calls that nobody has answered.
function waitingCalls(messages) {
  const answered = new Set(messages.map(({ toolCallId }) => toolCallId));
  return messages.flatMap(({ toolCalls }) => toolCalls ?? []).filter(({ id }) => !answered.has(id));
}

async function talk(agent, seen, asks) {
  await agent.runAgent({}, seen);
  if (!asks) return;
  const interrupts = agent.pendingInterrupts ?? [];
  const calls = waitingCalls(agent.messages);
  if (interrupts.length) await agent.runAgent({ resume: answerTo(interrupts) }, seen);
  else if (calls.length) {
    const results = calls.map(({ id }) => ({ id: `r-${id}`, role: "tool", toolCallId: id, content: "confirmed" }));
    agent.setMessages([...agent.messages, ...results]);
    await agent.runAgent({}, seen);
  }
}

async function read({ client, url, threadId, text, headers, envelope }) {
  const { HttpAgent } = await import(`agui-${client}`);
  const streams = [];
  const types = [];
  const initialMessages = text === undefined ? [] : [userMessage(text)];
  const agent = new HttpAgent({ url, threadId, initialMessages, headers: headers ?? {} });
  const told = { streams, types };
  globalThis.fetch = watched(streams, envelope);
  try {
    await talk(agent, { onEvent: ({ event }) => void types.push(event.type) }, text !== undefined);
    Object.assign(told, { messages: agent.messages, state: agent.state });
  } catch (error) {
    told.error = String(error?.message ?? error).slice(0, 500);
  }
  for (const stream of streams) stream.raw = await stream.raw;
  return told;
}

const jobs = JSON.parse(await text(process.stdin));
const found = [];
for (const job of jobs) found.push(await read(job));
process.stdout.write(JSON.stringify(found));
