// What the page tells the agent about itself.
import { useAgentContext } from "@copilotkit/react-core/v2";

const EMPLOYEE = { name: "Ada Lovelace", team: "Engines" };

export function Context() {
  useAgentContext({ description: "The signed-in employee", value: EMPLOYEE });
  useAgentContext({ description: "Her open task", value: "Bernoulli numbers" });
  return <p>Ada Lovelace, Engines</p>;
}
