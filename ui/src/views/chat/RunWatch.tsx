import { useEffect, useRef } from "react";
import { useAgent } from "@copilotkit/react-core/v2";
import { config } from "../../client/config";
import { failure as failureOf } from "../../client/loading";
import { AWAY } from "../../client/requests";
import type { RequestFailure } from "../../client/requests";
import { loadState } from "../../client/states";
import { renameThread } from "../../client/threads";
import { textOf } from "./messages";
import type { Seed } from "./forks";

interface RunWatchProps {
  agent: string;
  thread: string;
  /** Whether the thread is to get a name with its first run. */
  naming: boolean;
  /** The chat knows what is in the thread. */
  onReady: () => void;
  onStarted: () => void;
  onRan: () => void;
  onFailure: (failure: RequestFailure) => void;
}

const LONGEST = 60; // characters of a name

/** Says when a run of this thread has begun, and when it has ended. */
export function RunWatch({ agent: agentId, thread, ...rest }: RunWatchProps) {
  const { agent } = useAgent({ agentId });
  const newest = useRef(rest);
  newest.current = rest;
  useEffect(() => {
    let begun = false; // a thread that is loaded brings the starts of all its runs
    let turns = 0;
    const { unsubscribe } = agent.subscribe({
      onRunInitialized: () => {
        turns += 1;
      },
      onRunStartedEvent: () => {
        if (!begun) newest.current.onStarted();
        begun = true;
      },
      onRunFinalized: async () => {
        const hasRun = begun;
        begun = false;
        if (!newest.current.naming) await takeStoredState(turns);
        newest.current.onReady();
        if (!hasRun) return;
        const [first] = agent.messages.filter(({ role }) => role === "user");
        if (newest.current.naming && first && !config().titles) {
          const name = textOf(first).trim().slice(0, LONGEST).trim();
          // A thread that gets no name is shown with its id.
          if (name) await renameThread(agent.threadId, name).catch(() => undefined);
        }
        newest.current.onRan();
      },
    });
    return unsubscribe;

    /** The next run has to begin with it; the thread's records lack what was edited since. */
    async function takeStoredState(turn: number): Promise<void> {
      try {
        const { exists, text } = await loadState(thread, agentId);
        if (exists && turn === turns) agent.setState(JSON.parse(text));
      } catch (error) {
        const failed = failureOf(error);
        if (failed.code !== AWAY) newest.current.onFailure(failed); // the shell tells of that one
      }
    }
  }, [agent, agentId, thread]);
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
