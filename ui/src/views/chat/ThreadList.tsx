// The caller's threads, newest first, a page at a time.
import { useDeferredValue, useEffect, useState } from "react";
import { failure as failureOf, useLoading } from "../../client/loading";
import type { RequestFailure } from "../../client/requests";
import type { Thread } from "../../client/threads";
import { listThreads } from "../../client/threads";
import { FailureBanner } from "../../parts/Banner";
import { Icon } from "../../parts/Icon";
import { ThreadItem } from "./ThreadItem";

interface ThreadListProps {
  current: string | undefined;
  /** Another number: something has changed, load again. */
  changes: number;
  onNew: () => void;
  onOpen: () => void;
}

export function ThreadList({ current, changes, onNew, onOpen }: ThreadListProps) {
  const [text, setText] = useState("");
  const [archived, setArchived] = useState(false);
  const search = useDeferredValue(text.trim());
  const query = { search, includeArchived: archived };
  const first = useLoading((signal) => listThreads(query, signal), [search, archived, changes]);
  const [more, setMore] = useState<Thread[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [failure, setFailure] = useState<RequestFailure>();

  useEffect(() => {
    setMore([]);
    setCursor(first.value?.nextCursor ?? null);
  }, [first.value]);

  async function loadMore(): Promise<void> {
    try {
      const page = await listThreads({ ...query, cursor });
      setMore((before) => [...before, ...page.threads]);
      setCursor(page.nextCursor);
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  const threads = [...(first.value?.threads ?? []), ...more];
  return (
    <>
      <div className="threads-head">
        <button className="button primary new-thread" onClick={onNew}>
          <Icon name="plus" />
          New thread
        </button>
        <label className="search">
          <Icon name="search" />
          <span className="visually-hidden">Search threads</span>
          <input
            className="input"
            type="search"
            placeholder="Search"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      </div>
      <FailureBanner failure={first.failure} onRetry={first.again} />
      <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
      <ul className="thread-list" aria-busy={first.loading}>
        {threads.map((thread) => (
          <ThreadItem
            key={thread.id}
            thread={thread}
            isCurrent={thread.id === current}
            onOpen={onOpen}
            onChanged={first.again}
            onDeleted={() => (thread.id === current ? onNew() : undefined)}
            onFailure={setFailure}
          />
        ))}
      </ul>
      {first.value && threads.length === 0 && (
        <p className="hint thread-hint">
          {search ? "No thread has this in its name or messages." : "Your threads will be here."}
        </p>
      )}
      {cursor && (
        <button className="button quiet-button" onClick={loadMore}>
          Older threads
        </button>
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={archived}
          onChange={(event) => setArchived(event.target.checked)}
        />
        Show archived
      </label>
    </>
  );
}
