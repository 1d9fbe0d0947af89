import { useState } from "react";
import { failure as failureOf } from "../../client/loading";
import { exportedMemory, forgetMe } from "../../client/memories";
import type { RequestFailure } from "../../client/requests";
import { Confirm } from "../../parts/Dialog";
import { download } from "../../parts/download";
import { giveFocus } from "../../parts/focus";
import { Icon } from "../../parts/Icon";

interface MemoryToolsProps {
  /** Whether there is anything to take along. */
  hasEntries: boolean;
  /** Whether there is anything that no key opens. */
  isSealed: boolean;
  /** Whether an entry is written now; before the first one, null. */
  adding: boolean | null;
  onAdd: () => void;
  onForgotten: () => void;
  onFailure: (failure: RequestFailure) => void;
}

/** What concerns the memory as a whole. */
export function MemoryTools(props: MemoryToolsProps) {
  const { hasEntries, isSealed, adding, onAdd, onForgotten, onFailure } = props;
  const [asking, setAsking] = useState(false);

  async function tried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      onFailure(failureOf(error));
    }
  }

  async function store(): Promise<void> {
    const entries = await exportedMemory();
    const exportedAt = new Date().toISOString();
    const text = `${JSON.stringify({ exportedAt, entries }, null, 2)}\n`;
    download(`memory-${exportedAt.slice(0, 10)}.json`, text, "application/json");
  }

  async function forget(): Promise<void> {
    setAsking(false);
    await forgetMe();
    giveFocus(null); // what has it goes
    onForgotten();
  }

  return (
    <div className="memory-tools">
      {!adding && !isSealed && (
        <button
          className="button"
          autoFocus={adding === false} // else the focus is lost with the form
          onClick={onAdd}
        >
          <Icon name="plus" /> Add
        </button>
      )}
      {hasEntries && (
        <button className="button" onClick={() => tried(store)}>
          <Icon name="download" /> Export
        </button>
      )}
      {(hasEntries || isSealed) && (
        <button className="button" onClick={() => setAsking(true)}>
          <Icon name="trash" /> Forget me
        </button>
      )}
      {asking && (
        <Confirm
          title="Forget all that is known of you?"
          text={FORGETTING}
          action="Forget me"
          onConfirm={() => tried(forget)}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

const FORGETTING =
  "Every entry is deleted, and so is the key that opens them: copies in backups cannot be read either." +
  " Your threads stay, and what you say from now on may be remembered again. This cannot be undone.";
