import { useRef, useState } from "react";
import type { FormEvent } from "react";
import { failure as failureOf } from "../../client/loading";
import type { RequestFailure } from "../../client/requests";
import type { SavedState } from "../../client/states";
import { CONFLICT, loadState, saveState } from "../../client/states";
import { FailureBanner } from "../../parts/Banner";
import { Conflict } from "./Conflict";
import { indented, parsed } from "./values";

interface EditorProps {
  thread: string;
  agent: string;
  loaded: SavedState;
  onSaved: () => void;
  onClose: () => void;
}

/** The state as text. It is saved only over the version that was loaded; over a newer one after both
 * were shown.
 */
export function Editor({ thread, agent, loaded, onSaved, onClose }: EditorProps) {
  const [text, setText] = useState(() => indented(parsed(loaded.text)));
  const [version, setVersion] = useState(loaded.version);
  const [newer, setNewer] = useState<SavedState>();
  const [failure, setFailure] = useState<RequestFailure>();
  const saving = useRef(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const fault = faultOf(text);

  async function save(over: number): Promise<void> {
    if (saving.current) return;
    saving.current = true;
    setFailure(undefined);
    try {
      await saveState(thread, agent, text, over);
      onSaved();
    } catch (error) {
      await refused(failureOf(error));
    } finally {
      saving.current = false;
    }
  }

  async function refused(reason: RequestFailure): Promise<void> {
    if (reason.code !== CONFLICT) return setFailure(reason);
    try {
      setNewer(await loadState(thread, agent));
    } catch (error) {
      setFailure(failureOf(error));
    }
  }

  function takeNewer(stored: SavedState): void {
    setText(indented(parsed(stored.text)));
    setVersion(stored.version);
    setNewer(undefined);
    field.current?.focus();
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!fault && !newer) void save(version);
  }

  return (
    <form className="state-editor" onSubmit={submit}>
      <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
      <label className="field">
        <span>The state as JSON, from version {version}</span>
        <textarea
          ref={field}
          className="input"
          autoFocus
          spellCheck={false}
          rows={Math.min(24, text.split("\n").length + 1)}
          value={text}
          aria-invalid={fault !== null}
          aria-describedby="state-fault"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <p id="state-fault" className="fault" role="status">
        {fault}
      </p>
      {newer && (
        <Conflict
          mine={text}
          version={version}
          stored={newer}
          disabled={fault !== null}
          onSave={() => void save(newer.version)}
          onTake={() => takeNewer(newer)}
        />
      )}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        {!newer && (
          <button className="button primary" disabled={fault !== null}>
            Save
          </button>
        )}
      </div>
    </form>
  );
}

/** Why the text is no state; null where it is one. */
function faultOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? null : "A state is an object: { … }";
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : error}`;
  }
}
