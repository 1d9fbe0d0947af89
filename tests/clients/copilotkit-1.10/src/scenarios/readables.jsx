// What the page tells the model about itself, one fact inside another.
import { useCopilotReadable } from "@copilotkit/react-core";

export function Readables() {
  const employee = useCopilotReadable({
    description: "The signed-in employee",
    value: { name: "Ada Lovelace", team: "Engines" },
  });
  useCopilotReadable({ description: "Her open task", value: "Bernoulli numbers", parentId: employee });
  return <p>Ada Lovelace, Engines</p>;
}
