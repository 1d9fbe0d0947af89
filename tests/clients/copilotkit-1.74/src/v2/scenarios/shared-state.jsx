// The state that the page shares with the agent.
import { useAgent } from "@copilotkit/react-core/v2";

export function SharedState({ agent: agentId }) {
  const { agent } = useAgent({ agentId });
  return (
    <>
      <pre id="state" data-running={agent.isRunning}>
        {JSON.stringify(agent.state)}
      </pre>
      <span id="progress">{agent.state?.progress ?? 0} %</span>
      <button id="cats" onClick={() => agent.setState({ ...agent.state, topic: "cats" })}>
        Cats instead
      </button>
    </>
  );
}
