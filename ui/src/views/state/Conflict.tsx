import { useEffect, useRef } from "react";
import type { SavedState } from "../../client/states";
import { Banner } from "../../parts/Banner";
import { Code } from "../../parts/Code";
import type { Value } from "./values";
import { differences, indented, parsed, written } from "./values";

interface ConflictProps {
  /** The text in the editor. */
  mine: string;
  version: number;
  stored: SavedState;
  disabled: boolean;
  onSave: () => void;
  onTake: () => void;
}

/** Another save came first: where the two states differ, the stored one, and what can be done. */
export function Conflict({ mine, version, stored, disabled, onSave, onTake }: ConflictProps) {
  const theirs = parsed(stored.text);
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.focus(), []); // the button that saved is gone
  return (
    <section className="conflict" aria-label="Conflict" tabIndex={-1} ref={section}>
      <Banner tone="warning" title={`The state has moved on to version ${stored.version}`}>
        Your text began with version {version}. Nothing was saved; your text is above.
      </Banner>
      <Differences mine={mine} theirs={theirs} />
      <h3>Stored as version {stored.version}</h3>
      <Code label="The stored state">{indented(theirs)}</Code>
      <div className="actions">
        <button type="button" className="button" onClick={onTake}>
          Edit the stored one
        </button>
        <button type="button" className="button danger" disabled={disabled} onClick={onSave}>
          Save mine over version {stored.version}
        </button>
      </div>
    </section>
  );
}

function Differences({ mine, theirs }: { mine: string; theirs: Value }) {
  let found;
  try {
    found = differences(parsed(mine), theirs);
  } catch {
    return null; // while the text is no JSON; the editor says so
  }
  if (found.length === 0) return <p className="hint">Both say the same.</p>;
  return (
    <div className="table" tabIndex={0} role="group" aria-label="Differences">
      <table>
        <thead>
          <tr>
            <th scope="col">Differs at</th>
            <th scope="col">Yours</th>
            <th scope="col">Stored</th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ path, one, other }) => (
            <tr key={path}>
              <th scope="row">{path}</th>
              <td>{side(one)}</td>
              <td>{side(other)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function side(value: Value | undefined) {
  return value === undefined ? "not there" : <code>{written(value)}</code>;
}
