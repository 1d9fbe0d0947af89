// The state of an agent in a thread: looked at, edited, and what each run changed in it.
import { useEffect, useState } from "react";
import type { Params } from "../../app/router";
import { Link, navigate, to } from "../../app/router";
import { isOpen } from "../../client/endings";
import { useLoading } from "../../client/loading";
import { MISSING } from "../../client/requests";
import type { SavedState, StateThread } from "../../client/states";
import { loadState, stateThread } from "../../client/states";
import { FailureBanner } from "../../parts/Banner";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Spinner } from "../../parts/Spinner";
import { Editor } from "./Editor";
import { RunChanges } from "./RunChanges";
import { ThreadChoice } from "./ThreadChoice";
import { Tree } from "./Tree";
import { parsed } from "./values";
import "./state.css";

const LOOK_EVERY = 3000; // milliseconds, while a run may change it

interface Loaded {
  thread: StateThread;
  agent: string;
  state: SavedState;
}

export default function StateView({ params }: { params: Params }) {
  const { thread, agent } = params;
  if (thread === undefined) return <ThreadChoice />;
  return <ThreadState key={`${thread}/${agent}`} thread={thread} agent={agent} />;
}

function ThreadState({ thread, agent }: { thread: string; agent: string | undefined }) {
  const { value, failure, again } = useLoading((signal) => load(thread, agent, signal), []);
  const isMoving = value?.thread.runs.some(isOpen) ?? false;
  useEffect(() => {
    if (!isMoving) return;
    const looking = window.setTimeout(again, LOOK_EVERY);
    return () => window.clearTimeout(looking);
  }, [isMoving, value, failure, again]);
  if (failure && MISSING.has(failure.code)) return <NoState reason={failure.message} />;
  if (!value) {
    return failure ? (
      <FailureBanner failure={failure} onRetry={again} />
    ) : (
      <Spinner label="Loading the state" />
    );
  }
  const runs = value.thread.runs.filter((run) => run.agentName === value.agent);
  return (
    <article className="page">
      <header className="page-header">
        <Link className="back" to={to("threads", thread)}>
          <Icon name="back" /> The thread
        </Link>
        <h1>State of {value.agent}</h1>
        <p>
          {value.thread.name} <code>{thread}</code>
        </p>
        <AgentLinks loaded={value} />
      </header>
      <FailureBanner failure={failure} onRetry={again} />
      <StateCard loaded={value} onChanged={again} />
      <section className="card">
        <h2>What each run changed</h2>
        {runs.length === 0 && <p className="hint">The log holds no run of this agent.</p>}
        {runs.map((run) => (
          <RunChanges key={run.id} thread={thread} run={run} />
        ))}
      </section>
    </article>
  );
}

async function load(id: string, named: string | undefined, signal: AbortSignal): Promise<Loaded> {
  const thread = await stateThread(id, signal);
  const agent = named ?? thread.runs[0]?.agentName ?? thread.agentName;
  return { thread, agent, state: await loadState(id, agent, signal) };
}

function StateCard({ loaded, onChanged }: { loaded: Loaded; onChanged: () => void }) {
  const [mode, setMode] = useState<"new" | "editing" | "edited">("new");
  const { thread, agent, state } = loaded;
  function saved(): void {
    setMode("edited");
    onChanged();
  }
  return (
    <section className="card">
      <div className="card-head">
        <h2>{state.exists ? `Version ${state.version}` : "Nothing stored yet"}</h2>
        {mode !== "editing" && (
          <div className="actions">
            <button className="button" onClick={onChanged}>
              <Icon name="again" /> Load again
            </button>
            <button
              className="button"
              autoFocus={mode === "edited"} // else the focus is lost with the editor
              onClick={() => setMode("editing")}
            >
              <Icon name="pencil" /> Edit
            </button>
          </div>
        )}
      </div>
      {mode === "editing" ? (
        <Editor
          thread={thread.id}
          agent={agent}
          loaded={state}
          onSaved={saved}
          onClose={() => setMode("edited")}
        />
      ) : (
        <Tree key={state.version} value={parsed(state.text)} />
      )}
    </section>
  );
}

/** The agents that have run in the thread, where there are several. */
function AgentLinks({ loaded: { thread, agent } }: { loaded: Loaded }) {
  const names = [...new Set([agent, thread.agentName, ...thread.runs.map((run) => run.agentName)])];
  if (names.length < 2) return null;
  return (
    <label className="state-agent">
      <span className="visually-hidden">Agent</span>
      <select
        className="input"
        value={agent}
        onChange={(event) => navigate(to("state", thread.id, event.target.value))}
      >
        {names.sort().map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

function NoState({ reason }: { reason: string }) {
  return (
    <Empty title="State not found">
      <h1 className="visually-hidden">State</h1>
      <p>{reason}</p>
      <Link className="button" to={to("state")}>
        To the threads
      </Link>
    </Empty>
  );
}
