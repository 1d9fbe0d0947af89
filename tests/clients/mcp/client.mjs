// The published MCP client of npm against a server: `node client.mjs <origin>` prints what it makes of
// its tools, as JSON.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [origin] = process.argv.slice(2);
const transport = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), {
  requestInit: { headers: { "x-user": "ann" } },
});
const client = new Client({ name: "npm", version: "1" }, { capabilities: { elicitation: {} } });
const forms = [];
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
  forms.push(params.message);
  return { action: "accept", content: { approved: true } };
});
await client.connect(transport);

async function call(name, more, options) {
  const params = { name, arguments: { message: "hi", ...more } };
  return await client.callTool(params, CallToolResultSchema, options);
}

const tools = (await client.listTools()).tools.map((each) => each.name);
const first = await call("default");
const { text, threadId } = first.structuredContent;
const more = await call("default", { threadId });
const booked = await call("asker", {});
const failed = await call("failing", {});
const stop = new AbortController();
const waiting = call("held", {}, {
  signal: stop.signal,
  onprogress: () => stop.abort("enough"),
}).catch((error) => String(error.message));

console.log(
  JSON.stringify({
    tools,
    text,
    more: more.content[0].text,
    forms,
    booked: booked.content[0].text,
    failed: failed.isError,
    cancelled: await waiting,
  }),
);
await client.ping(); // behind the notification, which closing would take back
await client.close();
