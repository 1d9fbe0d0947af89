// The page of ../copilotkit-1.10 on releases before it, made of what each of them has. Built by
// `scripts.py matrix` only.
//   runtimeUrl  where the runtime is
//   scenario    `chat` (default), `frontend-actions`, `agent-state` or `interrupt`
//   agent       locks the chat to this agent, where the release can
//   threadId    opens this thread, where the release can
import { useState } from "react";
import { createRoot } from "react-dom/client";
import * as copilot from "@copilotkit/react-core";
import { CopilotChat } from "@copilotkit/react-ui";
import "@copilotkit/react-ui/styles.css";
import "./page.css";

function FrontendActions() {
  const [color, setColor] = useState("white");
  copilot.useCopilotAction({
    name: "setColor",
    description: "Set the colour of the swatch",
    parameters: [{ name: "color", type: "string", description: "A CSS colour", required: true }],
    handler: ({ color }) => {
      setColor(color);
      return `the swatch is ${color}`;
    },
  });
  return <p id="color">{color}</p>;
}

function AgentState() {
  const { state } = copilot.useCoAgent({
    name: "state_agent",
    initialState: { topic: "dogs", progress: 0, steps: [] },
  });
  return <pre id="state">{JSON.stringify(state)}</pre>;
}

// What the agent asks with is a text, or an object that the client has read from JSON.
const questionOf = (value) => (typeof value === "string" ? value : value.question);

function Interrupt() {
  copilot.useLangGraphInterrupt({
    render: ({ event, resolve }) => (
      <div id="interrupt">
        <span id="question">{questionOf(event.value)}</span>
        <button id="agree" onClick={() => resolve("yes, go on")}>
          Agree
        </button>
      </div>
    ),
  });
  return null;
}

const query = new URLSearchParams(window.location.search);
const scenarios = {
  "frontend-actions": FrontendActions,
  "agent-state": AgentState,
  interrupt: Interrupt,
};
const Scenario = scenarios[query.get("scenario")] ?? (() => null);

// What this release has; threads came with interrupts.
document.documentElement.dataset.has = [
  "useCoAgent" in copilot && "agent",
  "useLangGraphInterrupt" in copilot && "interrupt reload",
].join(" ");

// The button has no mark of its own in the first releases.
const stopIcon = <span data-test-id="copilot-chat-request-in-progress">stop</span>;

createRoot(document.getElementById("root")).render(
  <copilot.CopilotKit
    runtimeUrl={query.get("runtimeUrl")}
    agent={query.get("agent") ?? undefined}
    threadId={query.get("threadId") ?? undefined}
  >
    <main>
      <section className="beside">
        <Scenario />
      </section>
      <CopilotChat icons={{ stopIcon }} />
    </main>
  </copilot.CopilotKit>,
);
