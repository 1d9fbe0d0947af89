// The user's threads with the agent: open, rename, archive, delete. All it knows of the server is
// `useThreads`.
import { useEffect, useState } from "react";
import { useAgent, useThreads } from "@copilotkit/react-core/v2";

export function ThreadList({ agentId, current, open, start }) {
  const [includeArchived, setIncludeArchived] = useState(false);
  const list = useThreads({ agentId, includeArchived, limit: 20 });
  useRefetchAfterRuns(agentId, list.refetchThreads);

  const remove = async (threadId) => {
    await list.deleteThread(threadId);
    if (threadId === current) start();
  };

  return (
    <nav>
      <header>
        <h1>Threads</h1>
        <button className="new" onClick={start}>
          New
        </button>
      </header>
      {list.error && <p role="alert">{list.error.message}</p>}
      <ul aria-busy={list.isLoading}>
        {list.threads.map((thread) => (
          <Row
            key={thread.id}
            thread={thread}
            isCurrent={thread.id === current}
            open={() => open(thread.id)}
            rename={(name) => list.renameThread(thread.id, name)}
            archive={() => list.archiveThread(thread.id)}
            unarchive={() => list.unarchiveThread(thread.id)}
            remove={() => remove(thread.id)}
          />
        ))}
      </ul>
      {list.hasMoreThreads && (
        <button disabled={list.isFetchingMoreThreads} onClick={list.fetchMoreThreads}>
          Older ones
        </button>
      )}
      <label>
        <input
          type="checkbox"
          checked={includeArchived}
          onChange={(event) => setIncludeArchived(event.target.checked)}
        />
        Archived ones, too
      </label>
    </nav>
  );
}

function Row({ thread, isCurrent, open, rename, archive, unarchive, remove }) {
  const [draft, setDraft] = useState(null);
  const save = (event) => {
    event.preventDefault();
    if (draft.trim()) rename(draft.trim());
    setDraft(null);
  };
  const title = thread.name ?? `Thread of ${new Date(thread.createdAt).toLocaleString()}`;
  const classes = [isCurrent && "current", thread.archived && "archived"];
  return (
    <li className={classes.filter(Boolean).join(" ")}>
      {draft === null ? (
        <button className="title" onClick={open}>
          {title}
        </button>
      ) : (
        <form onSubmit={save}>
          <input
            aria-label="Name"
            autoFocus
            maxLength={200}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            onBlur={save}
          />
        </form>
      )}
      <span className="actions">
        <button onClick={() => setDraft(thread.name ?? "")}>Rename</button>
        {thread.archived ? (
          <button onClick={unarchive}>Bring back</button>
        ) : (
          <button onClick={archive}>Archive</button>
        )}
        <button onClick={remove}>Delete</button>
      </span>
    </li>
  );
}

// The server does not announce changes; the thread that was written to is news after each run.
function useRefetchAfterRuns(agentId, refetch) {
  const { agent } = useAgent({ agentId });
  useEffect(() => {
    const subscription = agent.subscribe({ onRunFinalized: () => refetch() });
    return () => subscription.unsubscribe();
  }, [agent, refetch]);
}
