// Reads streams with the published clients. Stdin: {clients, streams}, each stream as a server would write it; stdout:
// for each stream and client, the types of the events that came, or {error}.
import { text } from "node:stream/consumers";

console.warn = console.error = console.debug = () => {};

const headers = { "content-type": "text/event-stream" };

async function read(HttpAgent, stream) {
  globalThis.fetch = async () => new Response(stream, { headers });
  const agent = new HttpAgent({ url: "http://peer/", threadId: "t1" });
  const types = [];
  try {
    await agent.runAgent({}, { onEvent: ({ event }) => void types.push(event.type) });
    return { types };
  } catch (error) {
    return { error: String(error?.message ?? error).slice(0, 300) };
  }
}

const { clients, streams } = JSON.parse(await text(process.stdin));
const agents = [];
for (const client of clients) agents.push((await import(`agui-${client}`)).HttpAgent);
const found = [];
for (const stream of streams) {
  const answers = [];
  for (const agent of agents) answers.push(await read(agent, stream));
  found.push(answers);
}
process.stdout.write(JSON.stringify(found));
