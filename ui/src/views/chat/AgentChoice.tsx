import type { Agent } from "../../client/info";

interface AgentChoiceProps {
  agents: Agent[];
  chosen: string;
  onChoose: (name: string) => void;
}

/** Whom the next message goes to. */
export function AgentChoice({ agents, chosen, onChoose }: AgentChoiceProps) {
  const agent = agents.find(({ name }) => name === chosen);
  return (
    <div className="agent-choice">
      <label>
        <span className="visually-hidden">Agent</span>
        <select className="input" value={chosen} onChange={(event) => onChoose(event.target.value)}>
          {!agent && <option value={chosen}>{chosen} (not here any more)</option>}
          {agents.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {agent?.description && <p title={agent.description}>{agent.description}</p>}
    </div>
  );
}
