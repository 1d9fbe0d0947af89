// The state that the page shares with `state_agent`, beside the chat and inside it.
import { useCoAgent, useCoAgentStateRender } from "@copilotkit/react-core";

const AGENT = "state_agent";

export function AgentState() {
  const { state, setState, running, nodeName } = useCoAgent({
    name: AGENT,
    initialState: { topic: "dogs", progress: 0, steps: [] },
  });
  useCoAgentStateRender({
    name: AGENT,
    render: ({ state, nodeName, status }) => (
      <div className="card" id="progress" data-status={status} data-node={nodeName}>
        {state.progress ?? 0} %
      </div>
    ),
  });
  return (
    <>
      <pre id="state" data-running={running} data-node={nodeName}>
        {JSON.stringify(state)}
      </pre>
      <button id="cats" onClick={() => setState({ ...state, topic: "cats" })}>
        Cats instead
      </button>
    </>
  );
}
