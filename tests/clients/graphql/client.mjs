// One operation through one published client: `node client.mjs JSON`. It prints each result as a
// line of JSON, `{"next"}`, and how it ended: `{"error"}`, `{"closed"}`, `{"complete": true}`.
// With `take`, it unsubscribes after so many results and closes its connection; with `pinged`, it
// says `{"pinged"}` when it has answered a ping and the server has read that.
import { createHash } from "node:crypto";
import { Client, fetchExchange } from "@urql/core";
import { print } from "graphql";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { meros } from "meros/browser";
import { WebSocket } from "ws";

const job = JSON.parse(process.argv[2]);
const { client, url, query, variables = {}, take = Infinity, headers, payload, pinged } = job;
const { resume = false, retries = 0 } = job;

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function overWebSocket() {
  const ws = createWsClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: payload,
    retryAttempts: retries,
    retryWait: atOnce,
    on: pinged ? answering() : {},
  });
  await resumed((request, sink) => ws.subscribe(request, sink));
  await ws.dispose();
}

// After each answer it sends a ping of its own, which the server answers when it has read both.
function answering() {
  let socket;
  return {
    connected: (opened) => {
      socket = opened;
    },
    pong: (received) => (received ? say({ pinged: true }) : socket.send('{"type":"ping"}')),
  };
}

async function overEventStream() {
  const sse = createSseClient({ url, headers, retryAttempts: retries, retry: atOnce });
  await resumed((request, sink) => sse.subscribe(request, sink));
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

// Both generations of each are in use; they differ in what they accept and how they read it.
const overGraphqlRequest = (name) => async () => {
  const { GraphQLClient } = await import(name);
  say({ next: { data: await new GraphQLClient(url, { headers }).request(query, variables) } });
};

// With `persisted`, it sends the hash of a query first, and the query itself when it is asked for.
const overApollo = (core, persistence) => async () => {
  const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = await import(core);
  const links = [new HttpLink({ uri: url, headers })];
  if (job.persisted) {
    const { createPersistedQueryLink } = await import(persistence);
    links.unshift(createPersistedQueryLink({ generateHash: (document) => sha256(print(document)) }));
  }
  const apollo = new ApolloClient({ link: ApolloLink.from(links), cache: new InMemoryCache() });
  const document = gql(query);
  const asked = { variables, fetchPolicy: "no-cache" };
  const { data } = await (query.startsWith("mutation")
    ? apollo.mutate({ mutation: document, ...asked })
    : apollo.query({ query: document, ...asked }));
  say({ next: { data } });
};

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const atOnce = async () => {};

// Both clients write the request anew for each retry, so that changed variables count. With
// `resume`, the cursor of the last event goes into `after`.
const resumed = (subscribe) =>
  new Promise((resolve, reject) => {
    const request = { query, variables };
    let left = take;
    const next = (result) => {
      if (left <= 0) return;
      say({ next: result });
      if (resume) variables.after = Object.values(result.data)[0].cursor;
      left -= 1;
      if (left === 0) unsubscribe();
    };
    const unsubscribe = subscribe(request, { next, error: reject, complete: resolve });
  });

const clients = {
  "graphql-ws": overWebSocket,
  "graphql-sse": overEventStream,
  urql: overUrql,
  meros: overMeros,
  "graphql-request": overGraphqlRequest("graphql-request"),
  "graphql-request-6": overGraphqlRequest("graphql-request-6"),
  apollo: overApollo("@apollo/client", "@apollo/client/link/persisted-queries"),
  "apollo-3": overApollo(
    "apollo-client-3/core/index.js",
    "apollo-client-3/link/persisted-queries/index.js",
  ),
};

try {
  await clients[client]();
  say({ complete: true });
} catch (error) {
  if (typeof error?.code === "number") say({ closed: error.code, reason: error.reason });
  else say({ error: Array.isArray(error) ? error : String(error?.message ?? error) });
}
