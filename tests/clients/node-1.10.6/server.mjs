// A Node runtime whose agents and actions all come from the remote endpoint argv[3]; its model is behind
// argv[4]. argv[2]: port. Answers on /copilotkit, and says "ready" when it listens.
process.env.COPILOTKIT_TELEMETRY_DISABLED = "true";
process.env.DO_NOT_TRACK = "1";
process.env.SCARF_ANALYTICS = "false";

import { createServer } from "node:http";
import { CopilotRuntime, OpenAIAdapter, copilotRuntimeNodeHttpEndpoint } from "@copilotkit/runtime";
import OpenAI from "openai";

const [port, url, model] = process.argv.slice(2);
const openai = new OpenAI({ apiKey: "sk-test", baseURL: model });
const onBeforeRequest = ({ ctx }) => ({ headers: { "x-token": ctx.properties.token ?? "none" } });

const handler = copilotRuntimeNodeHttpEndpoint({
  endpoint: "/copilotkit",
  runtime: new CopilotRuntime({ remoteEndpoints: [{ url, onBeforeRequest }] }),
  serviceAdapter: new OpenAIAdapter({ openai, model: "gpt-4o" }),
});
createServer(handler).listen(Number(port), "127.0.0.1", () => console.log("ready"));
