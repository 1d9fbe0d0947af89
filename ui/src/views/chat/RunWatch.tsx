import { useEffect } from "react";
import { useAgent } from "@copilotkit/react-core/v2";
import type { Seed } from "./forks";

interface RunWatchProps {
  agent: string;
  onStarted: () => void;
  onRan: () => void;
}

/** Says when a run of this thread has begun, and when it has ended. */
export function RunWatch({ agent: agentId, onStarted, onRan }: RunWatchProps) {
  const { agent } = useAgent({ agentId });
  useEffect(() => {
    let begun = false;
    const { unsubscribe } = agent.subscribe({
      onRunStartedEvent: () => {
        begun = true;
        onStarted();
      },
      onRunFinalized: () => {
        if (begun) onRan();
        begun = false;
      },
    });
    return unsubscribe;
  }, [agent, onStarted, onRan]);
  return null;
}

/** Puts the messages of a fork into its new thread, once the chat has found that thread empty. */
export function Seeding({ agent: agentId, seed }: { agent: string; seed: Seed }) {
  const { agent } = useAgent({ agentId });
  useEffect(() => {
    const { unsubscribe } = agent.subscribe({
      onRunFinalized: () => {
        if (agent.messages.length === 0) agent.setMessages(seed.messages);
      },
    });
    return unsubscribe;
  }, [agent, seed]);
  return null;
}
