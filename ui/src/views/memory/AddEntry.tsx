import { useState } from "react";
import type { FormEvent } from "react";
import { failure as failureOf } from "../../client/loading";
import { remember } from "../../client/memories";
import type { RequestFailure } from "../../client/requests";
import { FailureBanner } from "../../parts/Banner";

/** What people write by hand. */
const BY_HAND = {
  Associative: { as: "A fact", label: "About whom, if not you", field: "entity", required: false },
  Core: { as: "Always known", label: "Which: name, language, …", field: "key", required: true },
} as const;

type ByHand = keyof typeof BY_HAND;

interface AddEntryProps {
  onAdded: (id: string) => void;
  onClose: () => void;
}

/** A form for an entry of the user's own. */
export function AddEntry({ onAdded, onClose }: AddEntryProps) {
  const [tier, setTier] = useState<ByHand>("Associative");
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [failure, setFailure] = useState<RequestFailure>();
  const { label, field, required } = BY_HAND[tier];

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    try {
      const entry = await remember({ tier, text, [field]: name.trim() });
      onClose();
      onAdded(entry);
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  return (
    <form
      className="card add-entry"
      aria-label="Add an entry"
      onSubmit={submit}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
      <label className="field">
        <span>What is to be remembered</span>
        <textarea
          className="input"
          dir="auto"
          rows={2}
          autoFocus
          required
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <div className="add-entry-rest">
        <label className="field">
          <span>As</span>
          <select
            className="input"
            value={tier}
            onChange={(event) => setTier(event.target.value as ByHand)}
          >
            {Object.entries(BY_HAND).map(([each, { as }]) => (
              <option key={each} value={each}>
                {as}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{label}</span>
          <input
            className="input"
            dir="auto"
            required={required}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
      </div>
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button className="button primary" disabled={!text.trim()}>
          Add
        </button>
      </div>
    </form>
  );
}
