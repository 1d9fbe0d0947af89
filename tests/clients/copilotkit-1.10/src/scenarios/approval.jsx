// An action that waits for a person: its result is the button pressed.
import { useCopilotAction } from "@copilotkit/react-core";

export function Approval() {
  useCopilotAction({
    name: "deleteFile",
    description: "Delete a file, once the user agrees",
    parameters: [{ name: "path", type: "string", required: true }],
    renderAndWaitForResponse: ({ args, status, respond }) => (
      <div className="card" id="approval" data-status={status}>
        Delete {args.path}?{" "}
        <button id="approved" disabled={status !== "executing"} onClick={() => respond("approved")}>
          Yes
        </button>
        <button id="refused" disabled={status !== "executing"} onClick={() => respond("refused")}>
          No
        </button>
      </div>
    ),
  });
  return null;
}
