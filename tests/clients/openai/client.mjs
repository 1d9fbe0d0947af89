// Published clients of OpenAI's protocols against a server: `node client.mjs <base URL>` prints what
// each of them makes of the same conversations, as JSON.

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";

const [baseURL] = process.argv.slice(2);
const PICTURE = "data:image/png;base64,eA==";
const SCHEMA = { type: "object", properties: { city: { type: "string" } } };

const client = new OpenAI({ baseURL, apiKey: "ann", maxRetries: 0 });
const compatible = createOpenAICompatible({ name: "agui", baseURL, apiKey: "ann", includeUsage: true });
const usual = createOpenAI({ baseURL, apiKey: "ann" }); // speaks responses, and names items by their ids

async function caught(work) {
  try {
    await work();
    return "nothing";
  } catch (error) {
    return String(error.message);
  }
}

const weather = ({ city }) => `sunny in ${city}`;

async function openai() {
  const models = (await client.models.list()).data.map((each) => each.id);
  const messages = [{ role: "user", content: "hi" }];
  const stream = client.chat.completions.stream({
    model: "default",
    messages,
    stream_options: { include_usage: true },
  });
  let thought = "";
  for await (const chunk of stream) thought += chunk.choices[0]?.delta.reasoning_content ?? "";
  const final = await stream.finalChatCompletion();
  const runner = client.chat.completions.runTools({
    model: "weather",
    messages,
    stream: true,
    tools: [
      {
        type: "function",
        function: { name: "get_weather", parse: JSON.parse, function: weather, parameters: SCHEMA },
      },
    ],
  });
  const seen = await client.chat.completions.create({
    model: "seeing",
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: PICTURE } }] }],
  });
  return {
    models,
    text: final.choices[0].message.content,
    thought,
    tokens: final.usage.total_tokens,
    tools: await runner.finalContent(),
    seen: seen.choices[0].message.content,
    failure: await caught(async () => {
      const broken = await client.chat.completions.create({ model: "failing", messages, stream: true });
      for await (const _ of broken);
    }),
  };
}

// The same story by responses.
async function responses() {
  const stream = client.responses.stream({ model: "default", input: "hi" });
  let text = "";
  for await (const event of stream) if (event.type === "response.output_text.delta") text += event.delta;
  const final = await stream.finalResponse();
  const tools = [{ type: "function", name: "get_weather", parameters: SCHEMA, strict: false }];
  const called = await client.responses.create({ model: "weather", input: "hi", tools });
  const input = called.output.map((call) => ({
    type: "function_call_output",
    call_id: call.call_id,
    output: weather(JSON.parse(call.arguments)),
  }));
  const previous_response_id = called.id;
  const answered = await client.responses.create({ model: "weather", input, tools, previous_response_id });
  const content = [{ type: "input_image", image_url: PICTURE, detail: "auto" }];
  const seen = await client.responses.create({ model: "seeing", input: [{ role: "user", content }] });
  const broken = client.responses.stream({ model: "failing", input: "hi" });
  return {
    text: text === final.output_text ? text : "the end is another one",
    thought: final.output[0].summary[0].text,
    tokens: final.usage.total_tokens,
    tools: answered.output_text,
    seen: seen.output_text,
    failure: (await broken.finalResponse()).error.message,
  };
}

async function aiSdk(provider) {
  const prompt = "hi";
  const streamed = streamText({ model: provider("default"), prompt });
  let text = "";
  let thought = "";
  for await (const part of streamed.fullStream) {
    if (part.type === "text-delta") text += part.text;
    if (part.type === "reasoning-delta") thought += part.text;
  }
  const tools = {
    get_weather: tool({ inputSchema: jsonSchema(SCHEMA), execute: async (input) => weather(input) }),
  };
  const called = await generateText({
    model: provider("weather"),
    prompt,
    tools,
    stopWhen: stepCountIs(3),
  });
  const content = [{ type: "image", image: PICTURE }];
  const seen = await generateText({ model: provider("seeing"), messages: [{ role: "user", content }] });
  const errors = [];
  const broken = streamText({ model: provider("failing"), prompt, maxRetries: 0, onError: () => {} });
  for await (const part of broken.fullStream) {
    if (part.type === "error") errors.push(String(part.error.message ?? part.error));
  }
  return {
    text,
    thought,
    tokens: (await streamed.usage).totalTokens,
    tools: called.text,
    seen: seen.text,
    failure: errors.join(),
  };
}

// A call that waits for somebody's approval, and the turn after it.
async function approval() {
  const model = usual("careful");
  const messages = [{ role: "user", content: "hi" }];
  const first = await generateText({ model, messages });
  const content = first.content
    .filter((part) => part.type === "tool-approval-request")
    .map(({ approvalId }) => ({ type: "tool-approval-response", approvalId, approved: true, providerExecuted: true }));
  messages.push(...first.response.messages, { role: "tool", content });
  const second = await generateText({ model, messages });
  messages.push(...second.response.messages, { role: "user", content: "more" });
  const third = await generateText({ model: usual("default"), messages });
  return {
    questions: content.length,
    results: second.content.filter((part) => part.type === "tool-result").map((part) => part.output.output),
    text: second.text,
    after: third.text,
  };
}

// Calls that the server carries out itself: one comes to something, one does not.
async function acting() {
  const stream = client.responses.stream({ model: "acting", input: "hi" });
  const steps = [];
  for await (const event of stream) if ([1, 2].includes(event.output_index)) steps.push(event.type);
  const final = await stream.finalResponse();
  const became = ({ output, error }) => ({ output: output ?? null, error: error ?? null });
  const streamed = streamText({ model: usual("acting"), prompt: "hi" });
  const results = [];
  for await (const part of streamed.fullStream) if (part.type === "tool-result") results.push(became(part.output));
  return { steps, calls: final.output.slice(1, 3).map(became), aiSdk: results };
}

const report = {
  openai: await openai(),
  responses: await responses(),
  aiSdk: await aiSdk(compatible),
  aiSdkResponses: await aiSdk(usual),
  approval: await approval(),
  acting: await acting(),
};
console.log(JSON.stringify(report));
