// Reads streams with the published clients. Stdin: a list of jobs {client, url, threadId, text, headers?}; stdout:
// for each, what the client made of it {error?, types, messages, state}. An interrupt is answered once.
import { text } from "node:stream/consumers";

console.warn = console.error = console.debug = () => {};

const userMessage = (content) => ({ id: `u-${crypto.randomUUID()}`, role: "user", content });

const answerTo = (interrupts) =>
  interrupts.map(({ id }) => ({ interruptId: id, status: "resolved", payload: { approved: true } }));

async function read({ client, url, threadId, text, headers }) {
  const { HttpAgent } = await import(`agui-${client}`);
  const initialMessages = text === undefined ? [] : [userMessage(text)];
  const agent = new HttpAgent({ url, threadId, initialMessages, headers: headers ?? {} });
  const types = [];
  const onEvent = ({ event }) => void types.push(event.type);
  try {
    await agent.runAgent({}, { onEvent });
    const waiting = agent.pendingInterrupts ?? [];
    if (waiting.length && text !== undefined) await agent.runAgent({ resume: answerTo(waiting) }, { onEvent });
  } catch (error) {
    return { error: String(error?.message ?? error).slice(0, 500), types };
  }
  return { types, messages: agent.messages, state: agent.state };
}

const jobs = JSON.parse(await text(process.stdin));
const found = [];
for (const job of jobs) found.push(await read(job));
process.stdout.write(JSON.stringify(found));
