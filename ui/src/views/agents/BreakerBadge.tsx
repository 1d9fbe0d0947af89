import type { Breaker } from "../../client/agents";

const WORDS: Record<Breaker, string> = {
  Closed: "Breaker closed: its runs go through",
  Open: "Breaker open: it failed too often and is left alone",
  HalfOpen: "Breaker half-open: the next run tries again",
};

/** Whether the agent is spared; nothing for one that has no breaker. */
export function BreakerBadge({ state }: { state: Breaker | null }) {
  if (!state) return null;
  return (
    <p className="breaker" data-state={state}>
      {WORDS[state]}
    </p>
  );
}
