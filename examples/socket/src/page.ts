// A page over one socket: a home chat, a popup, a map that agents open, and the thread's list.
// ?runtimeUrl=http://127.0.0.1:8000/copilotkit&threadId=...&agent=...
import type { JsonObject } from "./frames.js";
import { Mux } from "./socket.js";

const query = new URLSearchParams(location.search);
const runtime = query.get("runtimeUrl") ?? "http://127.0.0.1:8000/copilotkit";
const thread = query.get("threadId") ?? crypto.randomUUID();
const agent = query.get("agent") ?? undefined;
const place = (id: string) => document.getElementById(id)!;

const mux = new Mux(`${runtime.replace(/^http/, "ws")}/socket`, {
  hello: query.has("user") ? { authorization: `Bearer ${query.get("user")}` } : {},
  connected: (is) => {
    place("state").textContent = is ? "connected" : "coming back";
    place("state").dataset.up = String(is);
  },
  tools: [
    {
      name: "open_map",
      description: "Opens the map at a city",
      parameters: { type: "object", properties: { city: { type: "string" } } },
      run: (given) => (place("map").textContent = String((given as JsonObject).city)) + " is open",
    },
  ],
});

function onSubmit(id: string, act: (text: string) => void) {
  const form = place(id) as HTMLFormElement;
  form.onsubmit = (event) => {
    event.preventDefault();
    const input = form.querySelector("input")!;
    act(input.value);
    input.value = "";
  };
}

onSubmit("home", (message) => {
  for (const id of ["answer", "blocks", "end"]) place(id).replaceChildren();
  const opened = mux.open({ type: "home_request", message, thread_id: thread, agent }, (frame) => {
    if (frame.type === "stream_start") follow();
    if (frame.type === "stream_text") place("answer").append(frame.delta);
    if (frame.type === "stream_block") {
      const item = document.createElement("li");
      const { type, activityType } = frame.block;
      item.textContent = String(activityType ?? type);
      place("blocks").append(item);
    }
  });
  opened.end.then((end) => (place("end").textContent = end.outcome));
});

onSubmit("popup", (message) => {
  place("reply").replaceChildren();
  mux.open({ type: "popup_request", message, agent, scope: location.pathname }, (frame) => {
    if (frame.type === "popup_domain") place("domain").textContent = frame.domain;
    if (frame.type === "stream_text") place("reply").append(frame.delta);
  });
});

onSubmit("rename", async (name) => {
  await mux.ask({ type: "mutation", kind: "rename_thread", thread_id: thread, name });
  await list();
});

async function list() {
  const data = await mux.ask({ type: "data_request", kind: "threads", limit: 20 });
  const items = (data.threads as JsonObject[]).map((each) => {
    const item = document.createElement("li");
    item.textContent = String(each.name ?? each.id);
    return item;
  });
  place("threads").replaceChildren(...items);
}

let follows = false;

/** Draws all that happens in the thread, on this page or on another one. */
function follow() {
  if (follows) return;
  follows = true;
  const said = new Map<string, HTMLElement>();
  const add = (id: string, role: string, text: string) => {
    const item = said.get(id) ?? document.createElement("li");
    item.className = role;
    item.append(text);
    if (!said.has(id)) place("thread").append(item);
    said.set(id, item);
  };
  mux.open({ type: "attach", thread_id: thread, until: "live" }, (frame) => {
    if (frame.type === "stream_text") add(frame.block_id, "assistant", frame.delta);
    if (frame.type !== "stream_block" || frame.block.type !== "RUN_STARTED") return;
    void list();
    const { messages } = frame.block.input as { messages: JsonObject[] };
    for (const { id, role, content } of messages) add(String(id), String(role), String(content));
  });
}

Object.assign(window, { mux });
if (query.has("threadId") && query.has("follow")) follow();
