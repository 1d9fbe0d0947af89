import { useEffect, useRef } from "react";
import { useAgent } from "@copilotkit/react-core/v2";
import { config } from "../../client/config";
import { renameThread } from "../../client/threads";
import { textOf } from "./messages";
import type { Seed } from "./forks";

interface RunWatchProps {
  agent: string;
  /** Whether the thread is to get a name with its first run. */
  naming: boolean;
  /** The chat knows what is in the thread. */
  onReady: () => void;
  onStarted: () => void;
  onRan: () => void;
}

const LONGEST = 60; // characters of a name

/** Says when a run of this thread has begun, and when it has ended. */
export function RunWatch({ agent: agentId, naming, onReady, onStarted, onRan }: RunWatchProps) {
  const { agent } = useAgent({ agentId });
  const newest = useRef({ naming, onReady, onStarted, onRan });
  newest.current = { naming, onReady, onStarted, onRan };
  useEffect(() => {
    let begun = false; // a thread that is loaded brings the starts of all its runs
    const { unsubscribe } = agent.subscribe({
      onRunStartedEvent: () => {
        if (!begun) newest.current.onStarted();
        begun = true;
      },
      onRunFinalized: async () => {
        newest.current.onReady();
        if (!begun) return;
        begun = false;
        const [first] = agent.messages.filter(({ role }) => role === "user");
        if (newest.current.naming && first && !config().titles) {
          const name = textOf(first).trim().slice(0, LONGEST);
          // A thread that gets no name is shown with its id.
          if (name) await renameThread(agent.threadId, name).catch(() => undefined);
        }
        newest.current.onRan();
      },
    });
    return unsubscribe;
  }, [agent]);
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
