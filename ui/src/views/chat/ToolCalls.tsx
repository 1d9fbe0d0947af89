import {
  useAgent,
  useCopilotChatConfiguration,
  useDefaultRenderTool,
} from "@copilotkit/react-core/v2";
import { Code } from "../../parts/Code";
import { Spinner } from "../../parts/Spinner";

/** Draws each call of a tool: its name, what it was given, what came of it. */
export function ToolCalls() {
  useDefaultRenderTool({
    render: ({ name, status, parameters, result }) => (
      <details className="tool-call" data-status={status}>
        <summary>
          <span className="tool-name">{name}</span>
          <Status status={status} />
        </summary>
        <Part title="Arguments" value={parameters} />
        {status === "complete" && <Part title="Result" value={result} />}
      </details>
    ),
  });
  return null;
}

/** Without an answer when the run is over, the call was for a page that has such a tool. */
function Status({ status }: { status: string }) {
  const { agentId } = useCopilotChatConfiguration()!;
  const { agent } = useAgent({ agentId });
  if (status === "complete") return <span className="done">done</span>;
  if (!agent.isRunning) return <span className="done">waits for a page that has this tool</span>;
  return <Spinner label="Running" />;
}

function Part({ title, value }: { title: string; value: unknown }) {
  return (
    <>
      <h4>{title}</h4>
      <Code label={title}>{shown(value)}</Code>
    </>
  );
}

function shown(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value, null, 2) ?? "";
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
