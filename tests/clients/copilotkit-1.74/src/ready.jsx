// Tells when the page has found its runtime: what is said earlier may be lost on the way.
import { useAgent } from "@copilotkit/react-core/v2";

export function Ready({ agent }) {
  const { isReady } = useAgent({ agentId: agent });
  return <i id="ready" data-ready={isReady} />;
}
