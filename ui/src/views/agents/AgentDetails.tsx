import { Link, to } from "../../app/router";
import type { KnownAgent } from "../../client/agents";
import { Code } from "../../parts/Code";
import { CopyButton } from "../../parts/Copy";
import { FigureList } from "../../parts/FigureList";
import { Icon } from "../../parts/Icon";
import { BreakerBadge } from "./BreakerBadge";
import { TryIt } from "./TryIt";
import type { StatedTool } from "./capabilities";
import { abilitiesOf, toolsOf } from "./capabilities";

/** One agent, with its tools and all that it states. */
export function AgentDetails({ agent }: { agent: KnownAgent }) {
  const { name, description, breaker, capabilities } = agent;
  const tools = toolsOf(capabilities);
  const abilities = abilitiesOf(capabilities);
  return (
    <article className="page">
      <header className="page-header">
        <Link className="back" to={to("agents")}>
          <Icon name="back" /> The agents
        </Link>
        <div className="card-head">
          <h1>{name}</h1>
          <TryIt agent={name} />
        </div>
        {description && <p>{description}</p>}
        <BreakerBadge state={breaker} />
      </header>
      <section className="card">
        <h2>Tools</h2>
        {tools.length === 0 && <p className="hint">It states no tools of its own.</p>}
        {tools.map((tool, place) => (
          <ToolDetails key={`${place} ${tool.name}`} tool={tool} />
        ))}
      </section>
      <section className="card">
        <h2>Capabilities</h2>
        {abilities.length === 0 && <p className="hint">It states nothing about what it can do.</p>}
        {abilities.map(({ title, facts }) => (
          <section key={title} className="ability">
            <h3>{title}</h3>
            <FigureList rows={facts} />
          </section>
        ))}
      </section>
    </article>
  );
}

function ToolDetails({ tool }: { tool: StatedTool }) {
  const schema = tool.parameters === undefined ? null : JSON.stringify(tool.parameters, null, 2);
  return (
    <details className="tool">
      <summary>
        <code>{tool.name}</code>
        {tool.description && <span>{tool.description}</span>}
      </summary>
      {schema ? (
        <>
          <Code label={`Arguments of ${tool.name}`}>{schema}</Code>
          <CopyButton text={schema} label="Copy the schema" of={tool.name} />
        </>
      ) : (
        <p className="hint">It states no schema of its arguments.</p>
      )}
    </details>
  );
}
