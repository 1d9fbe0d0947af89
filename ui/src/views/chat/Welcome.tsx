import { useAgent } from "@copilotkit/react-core/v2";

/** What an empty thread says. */
export function Welcome({ agent: agentId }: { agent: string }) {
  const { agent, isReady } = useAgent({ agentId });
  if (!isReady || agent.messages.length > 0 || agent.isRunning) return null;
  return (
    <div className="welcome">
      <h2>What shall we do?</h2>
      <p>
        Write to <strong>{agentId}</strong>. What it does is recorded: each answer has a link to the
        run behind it.
      </p>
    </div>
  );
}
