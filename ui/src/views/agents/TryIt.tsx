import { Link } from "../../app/router";
import { Icon } from "../../parts/Icon";

/** Leads to a new chat with the agent. */
export function TryIt({ agent }: { agent: string }) {
  return (
    <Link
      className="button"
      to={`?agent=${encodeURIComponent(agent)}`}
      aria-label={`Try it: ${agent}`}
    >
      <Icon name="chat" /> Try it
    </Link>
  );
}
