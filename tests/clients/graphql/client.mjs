// One operation through one published client: `node client.mjs JSON`. It prints each result as a
// line of JSON, `{"next"}`, and how it ended: `{"error"}`, `{"closed"}`, `{"complete": true}`.
// With `take`, it unsubscribes after so many results and closes its connection.
import { Client, fetchExchange } from "@urql/core";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { meros } from "meros/browser";
import { WebSocket } from "ws";

const { client, url, query, variables = {}, take = Infinity, headers, payload, pinged } = JSON.parse(
  process.argv[2],
);

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function overWebSocket() {
  const ws = createWsClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: payload,
    retryAttempts: 0,
    on: pinged ? { ping: (received) => received && say({ pinged: true }) } : {},
  });
  await all(ws.iterate({ query, variables }));
  await ws.dispose();
}

async function overEventStream() {
  const sse = createSseClient({ url, headers, retryAttempts: 0 });
  await all(sse.iterate({ query, variables }));
  sse.dispose();
}

// What a CopilotKit 1.10 front end is built on.
async function overUrql() {
  const urql = new Client({ url, exchanges: [fetchExchange], fetchOptions: { headers } });
  await new Promise((resolve) => {
    urql.mutation(query, variables).subscribe((result) => {
      say(result.error ? { error: result.error.message } : { next: { data: result.data } });
      if (!result.hasNext) resolve();
    });
  });
}

// What GraphiQL and others read multipart answers with.
async function overMeros() {
  const body = JSON.stringify({ query, variables });
  const accept = "multipart/mixed";
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept, ...headers },
    body,
  });
  for await (const part of await meros(response)) say({ next: part.body });
}

async function all(results) {
  let left = take;
  for await (const result of results) {
    say({ next: result });
    if (--left === 0) break;
  }
}

const clients = {
  "graphql-ws": overWebSocket,
  "graphql-sse": overEventStream,
  urql: overUrql,
  meros: overMeros,
};

try {
  await clients[client]();
  say({ complete: true });
} catch (error) {
  if (typeof error?.code === "number") say({ closed: error.code, reason: error.reason });
  else say({ error: Array.isArray(error) ? error : String(error?.message ?? error) });
}
