// An agent that stops to ask, in either dialect, and goes on with the answer.
import { useInterrupt } from "@copilotkit/react-core/v2";

function questionOf(event, interrupt) {
  if (interrupt) return interrupt.message;
  return (typeof event.value === "string" ? JSON.parse(event.value) : event.value).question;
}

export function Interrupt() {
  useInterrupt({
    render: ({ event, interrupt, resolve, cancel }) => (
      <div className="card" id="interrupt">
        <span id="question">{questionOf(event, interrupt)}</span>{" "}
        <button id="agree" onClick={() => resolve("yes, go on")}>
          Agree
        </button>
        <button id="dismiss" onClick={() => cancel()}>
          Dismiss
        </button>
      </div>
    ),
  });
  return null;
}
