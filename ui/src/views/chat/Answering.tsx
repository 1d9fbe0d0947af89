import { useEffect, useState } from "react";
import { useAgent } from "@copilotkit/react-core/v2";

interface Routed {
  agent: string;
  domain: string;
}

const ROUTED = "agui_runtime.routed";

/** Which of a router's agents answers, from before its first word on. */
export function Answering({ agent: agentId }: { agent: string }) {
  const { agent } = useAgent({ agentId });
  const [routed, setRouted] = useState<Routed>();
  useEffect(() => {
    setRouted(undefined);
    const { unsubscribe } = agent.subscribe({
      onCustomEvent: ({ event }) => {
        if (event.name === ROUTED && isRouted(event.value)) setRouted(event.value);
      },
    });
    return unsubscribe;
  }, [agent]);
  if (!routed) return null;
  const { agent: name, domain } = routed;
  return (
    <p className="answering" role="status">
      <b>{name}</b> answers{domain === name ? "" : ` (${domain})`}
    </p>
  );
}

function isRouted(value: unknown): value is Routed {
  const { agent, domain } = (value ?? {}) as Partial<Routed>;
  return typeof agent === "string" && typeof domain === "string";
}
