import { useState } from "react";
import type { FormEvent } from "react";
import { failure as failureOf } from "../../client/loading";
import type { MemoryEntry } from "../../client/memories";
import { correctMemory } from "../../client/memories";
import type { RequestFailure } from "../../client/requests";
import { FailureBanner } from "../../parts/Banner";
import { nameOf } from "./words";

interface CorrectEntryProps {
  entry: MemoryEntry;
  onSaved: (id: string) => void;
  onClose: () => void;
}

/** The entry's text, in its place, to be written anew. */
export function CorrectEntry({ entry, onSaved, onClose }: CorrectEntryProps) {
  const [text, setText] = useState(entry.text);
  const [failure, setFailure] = useState<RequestFailure>();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    try {
      onSaved(await correctMemory(entry.id, text));
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  return (
    <form
      className="entry-form"
      onSubmit={submit}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
      <textarea
        className="input"
        aria-label={`Instead of ${nameOf(entry)}`}
        dir="auto"
        rows={2}
        autoFocus
        required
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button className="button primary" disabled={!text.trim()}>
          Save
        </button>
      </div>
    </form>
  );
}
