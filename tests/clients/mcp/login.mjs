// The published MCP client of npm logs in: `node login.mjs <origin>` prints what a tool says then, as JSON.

import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [origin] = process.argv.slice(2);
const saved = {};
let code;

const authProvider = {
  redirectUrl: "http://127.0.0.1:1/callback",
  clientMetadata: { client_name: "npm", redirect_uris: ["http://127.0.0.1:1/callback"] },
  clientInformation: () => saved.client,
  saveClientInformation: (client) => void (saved.client = client),
  tokens: () => saved.tokens,
  saveTokens: (tokens) => void (saved.tokens = tokens),
  codeVerifier: () => saved.verifier,
  saveCodeVerifier: (verifier) => void (saved.verifier = verifier),
  redirectToAuthorization: async (url) => {
    const answer = await fetch(url, { redirect: "manual" });
    code = new URL(answer.headers.get("location")).searchParams.get("code");
  },
};

async function connected() {
  const transport = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), { authProvider });
  const client = new Client({ name: "npm", version: "1" });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(code);
    return await connected();
  }
  return client;
}

const client = await connected();
const result = await client.callTool({ name: "default", arguments: { message: "hi" } });
console.log(JSON.stringify(result.structuredContent.text));
await client.close();
