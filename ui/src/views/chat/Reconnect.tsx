import { useEffect, useRef } from "react";
import { useAgent, useCopilotKit } from "@copilotkit/react-core/v2";
import { connection } from "../../client/fetching";
import { useStore } from "../../client/store";

interface ReconnectProps {
  agent: string;
  onBack: () => void;
}

/** Goes on when the server is back: shows what it has of the thread, and sends what it lacks. */
export function Reconnect({ agent: agentId, onBack }: ReconnectProps) {
  const { agent } = useAgent({ agentId });
  const { copilotkit } = useCopilotKit();
  const { reachable } = useStore(connection);
  const away = useRef(false);

  useEffect(() => {
    if (!reachable) {
      away.current = true;
      return;
    }
    if (!away.current) return;
    away.current = false;
    onBack();
    void resume();
  }, [reachable]);

  async function resume(): Promise<void> {
    const before = agent.messages;
    const last = before.at(-1);
    agent.setMessages([]); // the whole thread comes again, and would be appended to itself
    await copilotkit.connectAgent({ agent });
    if (!connection.get().reachable) {
      agent.setMessages(before);
      return;
    }
    const isUnsent = last?.role === "user" && !agent.messages.some(({ id }) => id === last.id);
    if (!isUnsent) return;
    agent.addMessage(last);
    await copilotkit.runAgent({ agent });
  }

  return null;
}
