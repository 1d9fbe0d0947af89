import { useEffect, useState } from "react";
import { useAgent } from "@copilotkit/react-core/v2";

interface Place {
  position: number;
  seconds: number;
}

/** Says where a run stands that waits for a worker, until it begins. */
export function Waiting({ agent: agentId }: { agent: string }) {
  const { agent } = useAgent({ agentId });
  const [place, setPlace] = useState<Place>();
  useEffect(() => {
    const { unsubscribe } = agent.subscribe({
      onEvent: ({ event }) => {
        const waits = event.type === "CUSTOM" && event.name === "agui_runtime.queued";
        setPlace(waits ? (event.value as Place) : undefined);
      },
      onRunFinalized: () => setPlace(undefined),
    });
    return unsubscribe;
  }, [agent]);
  if (!place) return null;
  return (
    <p className="waiting" role="status">
      Waiting for a worker for {Math.round(place.seconds)} s, about number {place.position} in line
    </p>
  );
}
