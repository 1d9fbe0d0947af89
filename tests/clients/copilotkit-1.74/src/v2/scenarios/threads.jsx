// A list of threads on the headless hook.
import { useState } from "react";
import { useThreads } from "@copilotkit/react-core/v2";

export function Threads({ agent: agentId, open }) {
  const [includeArchived, setIncludeArchived] = useState(false);
  const list = useThreads({ agentId, includeArchived, limit: 2 });
  return (
    <>
      <ul id="threads" data-loading={list.isLoading}>
        {list.threads.map((thread) => (
          <li key={thread.id} data-thread={thread.id} data-archived={thread.archived}>
            <button className="open" onClick={() => open(thread.id)}>
              {thread.name ?? thread.id}
            </button>
            <button className="rename" onClick={() => list.renameThread(thread.id, "My thread")}>
              rename
            </button>
            <button className="archive" onClick={() => list.archiveThread(thread.id)}>
              archive
            </button>
            <button className="unarchive" onClick={() => list.unarchiveThread(thread.id)}>
              unarchive
            </button>
            <button className="delete" onClick={() => list.deleteThread(thread.id)}>
              delete
            </button>
          </li>
        ))}
      </ul>
      <button id="refetch" onClick={() => list.refetchThreads()}>
        Again
      </button>
      <button id="more" disabled={!list.hasMoreThreads} onClick={() => list.fetchMoreThreads()}>
        More
      </button>
      <button id="archived" onClick={() => setIncludeArchived((before) => !before)}>
        Archived too
      </button>
      <p id="threads-error">{list.error?.message}</p>
    </>
  );
}
