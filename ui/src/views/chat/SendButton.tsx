import type { ComponentProps } from "react";
import { CopilotChatInput, useAgent, useCopilotChatConfiguration } from "@copilotkit/react-core/v2";

/** CopilotKit's own, with a name for those who do not see its arrow. */
export function SendButton(props: ComponentProps<typeof CopilotChatInput.SendButton>) {
  const { agentId } = useCopilotChatConfiguration()!;
  const { agent } = useAgent({ agentId });
  return <CopilotChatInput.SendButton {...props} aria-label={agent.isRunning ? "Stop" : "Send"} />;
}
