// The agents of the server, and one of them with all that it states.
import type { Params } from "../../app/router";
import { Link, to } from "../../app/router";
import type { KnownAgent } from "../../client/agents";
import { knownAgents } from "../../client/agents";
import { useLoading } from "../../client/loading";
import { FailureBanner } from "../../parts/Banner";
import { Empty } from "../../parts/Empty";
import { Spinner } from "../../parts/Spinner";
import { AgentDetails } from "./AgentDetails";
import { BreakerBadge } from "./BreakerBadge";
import { TryIt } from "./TryIt";
import { toolsOf } from "./capabilities";
import "./agents.css";

export default function AgentsView({ params }: { params: Params }) {
  const { value, failure, again } = useLoading(knownAgents, []);
  const { agent: name } = params;
  if (!value) {
    return failure ? (
      <FailureBanner failure={failure} onRetry={again} />
    ) : (
      <Spinner label="Loading the agents" />
    );
  }
  if (name !== undefined) {
    const agent = value.find((each) => each.name === name);
    return agent ? <AgentDetails agent={agent} /> : <NoAgent />;
  }
  return (
    <article className="page">
      <header className="page-header">
        <h1>Agents</h1>
        <p>Whom this server lets front ends talk to.</p>
      </header>
      <FailureBanner failure={failure} onRetry={again} />
      {value.length === 0 && <Empty title="This server has no agents" />}
      <ul className="agents">
        {value.map((agent) => (
          <AgentItem key={agent.name} agent={agent} />
        ))}
      </ul>
    </article>
  );
}

function AgentItem({ agent }: { agent: KnownAgent }) {
  const { name, description, breaker, capabilities } = agent;
  const tools = toolsOf(capabilities);
  return (
    <li className="card agent">
      <div>
        <h2>
          <Link to={to("agents", name)}>{name}</Link>
        </h2>
        {description && <p>{description}</p>}
        {tools.length > 0 && (
          <p className="hint">Tools: {tools.map((tool) => tool.name).join(", ")}</p>
        )}
        <BreakerBadge state={breaker} />
      </div>
      <TryIt agent={name} />
    </li>
  );
}

function NoAgent() {
  return (
    <Empty title="Agent not found">
      <h1 className="visually-hidden">Agent</h1>
      <p>This server has no agent of this name.</p>
      <Link className="button" to={to("agents")}>
        To the agents
      </Link>
    </Empty>
  );
}
