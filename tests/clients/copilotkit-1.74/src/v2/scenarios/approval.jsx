// A tool that waits for a person: its result is the button pressed.
import { useHumanInTheLoop } from "@copilotkit/react-core/v2";
import { z } from "zod";

export function Approval() {
  useHumanInTheLoop({
    name: "deleteFile",
    description: "Delete a file, once the user agrees",
    parameters: z.object({ path: z.string() }),
    render: ({ args, status, respond }) => (
      <div className="card" id="approval" data-status={status}>
        Delete {args.path}?{" "}
        <button id="approved" disabled={!respond} onClick={() => respond("approved")}>
          Yes
        </button>
        <button id="refused" disabled={!respond} onClick={() => respond("refused")}>
          No
        </button>
      </div>
    ),
  });
  return null;
}
