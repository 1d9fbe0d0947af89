// A chat whose answers can be asked for again. The chat has the button, and leaves it to the page
// what it does.
import { CopilotChat, useAgent, useCopilotKit } from "@copilotkit/react-core/v2";

export function Regenerate(props) {
  const { agent } = useAgent();
  const { copilotkit } = useCopilotKit();

  function onRegenerate({ id }) {
    const before = agent.messages.slice(0, agent.messages.findIndex((each) => each.id === id));
    const question = before.findLastIndex(({ role }) => role === "user");
    agent.setMessages(before.slice(0, question + 1));
    copilotkit.runAgent({ agent });
  }

  return <CopilotChat {...props} messageView={{ assistantMessage: { onRegenerate } }} />;
}
