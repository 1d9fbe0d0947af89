import { useEffect, useRef, useState } from "react";
import { failure as failureOf } from "../../client/loading";
import type { MemoryEntry } from "../../client/memories";
import { deleteMemory } from "../../client/memories";
import type { RequestFailure } from "../../client/requests";
import { useFocusOnward } from "../../parts/focus";
import { Icon } from "../../parts/Icon";
import { CorrectEntry } from "./CorrectEntry";
import { DeleteEntry } from "./DeleteEntry";
import { EntryOrigin } from "./EntryOrigin";
import { nameOf } from "./words";

interface EntryItemProps {
  entry: MemoryEntry;
  /** Others that come from the same message. */
  beside: MemoryEntry[];
  /** Whether the address names it. */
  isWanted: boolean;
  onChanged: (entry?: string) => void;
  onFailure: (failure: RequestFailure) => void;
}

export function EntryItem({ entry, beside, isWanted, onChanged, onFailure }: EntryItemProps) {
  const [doing, setDoing] = useState<"correct" | "delete" | "corrected" | null>(null);
  const place = useRef<HTMLLIElement>(null);
  useFocusOnward(place);
  useEffect(() => {
    if (isWanted) place.current?.focus(); // which scrolls to it
  }, [isWanted]);

  function corrected(id: string): void {
    setDoing("corrected");
    onChanged(id);
  }

  async function remove(ids: string[]): Promise<void> {
    setDoing(null);
    try {
      await deleteMemory(ids);
      onChanged();
    } catch (error) {
      onFailure(failureOf(error));
    }
  }

  if (doing === "correct") {
    return (
      <li className="entry">
        <CorrectEntry entry={entry} onSaved={corrected} onClose={() => setDoing("corrected")} />
      </li>
    );
  }
  return (
    <li className="entry" data-wanted={isWanted} tabIndex={-1} ref={place}>
      <div>
        <EntryText entry={entry} />
        <EntryOrigin entry={entry} />
      </div>
      <div className="entry-tools">
        {entry.readable && (
          <button
            className="quiet"
            aria-label={`Correct ${nameOf(entry)}`}
            title="Correct"
            autoFocus={doing === "corrected"} // else the focus is lost with the form
            onClick={() => setDoing("correct")}
          >
            <Icon name="pencil" />
          </button>
        )}
        <button
          className="quiet"
          aria-label={`Delete ${nameOf(entry)}`}
          title="Delete"
          onClick={() => setDoing("delete")}
        >
          <Icon name="trash" />
        </button>
      </div>
      {doing === "delete" && (
        <DeleteEntry
          entry={entry}
          beside={beside}
          onConfirm={remove}
          onClose={() => setDoing(null)}
        />
      )}
    </li>
  );
}

function EntryText({ entry: { readable, text, key, entity, tier } }: { entry: MemoryEntry }) {
  if (!readable) {
    return (
      <p>
        <b>This entry cannot be read.</b> It was damaged, or sealed with a key that the server does not
        have; agents go on without it. Whoever runs the server can put that key back into{" "}
        <code>AGUI_KEYS</code>. If nobody has it any more, delete the entry.
      </p>
    );
  }
  return (
    <p className="entry-text" dir="auto">
      {tier === "Core" && <b>{key}: </b>}
      {text}
      {entity && <span className="hint"> about {entity}</span>}
    </p>
  );
}
