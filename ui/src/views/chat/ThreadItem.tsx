import { useEffect, useRef, useState } from "react";
import type { FormEvent } from "react";
import { Link, to } from "../../app/router";
import { failure } from "../../client/loading";
import type { RequestFailure } from "../../client/requests";
import type { Thread } from "../../client/threads";
import { archiveThread, deleteThread, renameThread } from "../../client/threads";
import { useFocusOnward } from "../../parts/focus";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { since } from "../../parts/times";
import { DeleteThread } from "./DeleteThread";

interface ThreadItemProps {
  thread: Thread;
  isCurrent: boolean;
  onOpen: () => void;
  onChanged: () => void;
  onDeleted: () => void;
  onFailure: (failure: RequestFailure) => void;
}

export function ThreadItem(props: ThreadItemProps) {
  const { thread, isCurrent, onOpen, onChanged, onDeleted, onFailure } = props;
  const [doing, setDoing] = useState<"rename" | "delete" | null>(null);
  const place = useRef<HTMLLIElement>(null);
  const wasRenaming = useRef(false);
  const name = thread.name ?? `Thread ${thread.id.slice(0, 8)}`;

  useFocusOnward(place);
  useEffect(() => {
    const isNowhere = document.activeElement === document.body;
    if (wasRenaming.current && isNowhere) place.current?.querySelector("a")?.focus();
    wasRenaming.current = doing === "rename";
  }, [doing]);

  async function change(work: Promise<unknown>, then?: () => void): Promise<void> {
    setDoing(null);
    try {
      await work;
      then?.();
      onChanged();
    } catch (error) {
      onFailure(failure(error));
    }
  }

  if (doing === "rename") {
    const rename = (text: string) => change(renameThread(thread.id, text));
    return <Rename name={thread.name ?? ""} onDone={rename} onClose={() => setDoing(null)} />;
  }
  return (
    <li className="thread-item" data-current={isCurrent} ref={place}>
      <Link
        to={to("threads", thread.id)}
        aria-current={isCurrent ? "page" : undefined}
        onClick={onOpen}
      >
        <span className="thread-name">{name}</span>
        <span className="thread-about">
          {thread.agentId} · {since(thread.updatedAt)}
          {thread.archived && " · archived"}
        </span>
      </Link>
      <Menu label={`Actions for ${name}`}>
        <button onClick={() => setDoing("rename")}>
          <Icon name="pencil" /> Rename
        </button>
        <button onClick={() => change(archiveThread(thread.id, !thread.archived))}>
          <Icon name="archive" /> {thread.archived ? "Bring back" : "Archive"}
        </button>
        <button className="danger" onClick={() => setDoing("delete")}>
          <Icon name="trash" /> Delete
        </button>
      </Menu>
      {doing === "delete" && (
        <DeleteThread
          id={thread.id}
          name={name}
          onConfirm={(withMemory) => change(deleteThread(thread.id, withMemory), onDeleted)}
          onClose={() => setDoing(null)}
        />
      )}
    </li>
  );
}

interface RenameProps {
  name: string;
  onDone: (name: string) => void;
  onClose: () => void;
}

function Rename({ name, onDone, onClose }: RenameProps) {
  const [text, setText] = useState(name);
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (text.trim()) onDone(text.trim());
  }
  return (
    <li className="thread-item renaming">
      <form onSubmit={submit}>
        <input
          className="input"
          aria-label="New name"
          autoFocus
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && onClose()}
          onBlur={onClose}
        />
      </form>
    </li>
  );
}
