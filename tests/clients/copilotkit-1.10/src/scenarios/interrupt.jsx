// An agent that stops to ask, and goes on with the answer.
import { useLangGraphInterrupt } from "@copilotkit/react-core";

// What the agent asks with is a text, or an object that the client has read from JSON.
function questionOf(value) {
  return typeof value === "string" ? value : value.question;
}

export function Interrupt() {
  useLangGraphInterrupt({
    render: ({ event, resolve }) => (
      <div className="card" id="interrupt">
        <span id="question">{questionOf(event.value)}</span>{" "}
        <button id="agree" onClick={() => resolve("yes, go on")}>
          Agree
        </button>
      </div>
    ),
  });
  return null;
}
