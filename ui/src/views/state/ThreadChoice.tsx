import { Link, to } from "../../app/router";
import { useLoading } from "../../client/loading";
import { listThreads } from "../../client/threads";
import { FailureBanner } from "../../parts/Banner";
import { Empty } from "../../parts/Empty";
import { Spinner } from "../../parts/Spinner";
import { since } from "../../parts/times";

const SHOWN = 50;

/** Which thread's state is looked at. */
export function ThreadChoice() {
  const { value, failure, again } = useLoading(
    (signal) => listThreads({ limit: SHOWN }, signal),
    [],
  );
  return (
    <article className="page">
      <header className="page-header">
        <h1>State</h1>
        <p>What agents have stored beside the messages of a thread. Choose one.</p>
      </header>
      <FailureBanner failure={failure} onRetry={again} />
      {!value && !failure && <Spinner label="Loading the threads" />}
      {value?.threads.length === 0 && (
        <Empty title="No threads yet">
          <Link className="button" to="">
            To the chat
          </Link>
        </Empty>
      )}
      <ul className="state-threads">
        {value?.threads.map((thread) => (
          <li key={thread.id} className="card">
            <Link to={to("state", thread.id)}>
              {thread.name ?? `Thread ${thread.id.slice(0, 8)}`}
            </Link>
            <span className="hint">
              {thread.agentId} · {since(thread.updatedAt)}
            </span>
          </li>
        ))}
      </ul>
      {value?.nextCursor && (
        <p className="hint">
          Those are the latest {SHOWN}. The run behind an answer leads to the state of any other.
        </p>
      )}
    </article>
  );
}
