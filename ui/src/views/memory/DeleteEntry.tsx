import { useState } from "react";
import type { MemoryEntry } from "../../client/memories";
import { Confirm } from "../../parts/Dialog";
import { nameOf } from "./words";

interface DeleteEntryProps {
  entry: MemoryEntry;
  /** Others that come from the same message, and so may say the same. */
  beside: MemoryEntry[];
  onConfirm: (ids: string[]) => void;
  onClose: () => void;
}

export function DeleteEntry({ entry, beside, onConfirm, onClose }: DeleteEntryProps) {
  const [also, setAlso] = useState<string[]>([]);

  function choose(id: string, chosen: boolean): void {
    setAlso((before) => (chosen ? [...before, id] : before.filter((each) => each !== id)));
  }

  return (
    <Confirm
      title="Delete this entry?"
      text={`“${nameOf(entry)}” is given to no agent any more. This cannot be undone.`}
      action="Delete"
      onConfirm={() => onConfirm([entry.id, ...also])}
      onClose={onClose}
    >
      {beside.length > 0 && (
        <fieldset className="beside">
          <legend>From the same message, delete as well</legend>
          {beside.map((each) => (
            <label key={each.id} className="check">
              <input
                type="checkbox"
                checked={also.includes(each.id)}
                onChange={(event) => choose(each.id, event.target.checked)}
              />
              <span dir="auto">{nameOf(each)}</span>
            </label>
          ))}
        </fieldset>
      )}
    </Confirm>
  );
}
