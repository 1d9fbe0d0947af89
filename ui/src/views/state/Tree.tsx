import { useState } from "react";
import type { Value } from "./values";
import { partsOf, written } from "./values";

const AT_ONCE = 100; // parts of a list or an object

/** A value with its parts, which open and close. */
export function Tree({ value }: { value: Value }) {
  const parts = partsOf(value);
  if (!parts) return <Leaf value={value} />;
  if (parts.length === 0) return <p className="hint">It is empty.</p>;
  return <Parts parts={parts} open />;
}

function Parts({ parts, open = false }: { parts: [string, Value][]; open?: boolean }) {
  const [most, setMost] = useState(AT_ONCE);
  return (
    <ul className="tree">
      {parts.slice(0, most).map(([name, part]) => (
        <li key={name}>
          <Part name={name} value={part} open={open} />
        </li>
      ))}
      {parts.length > most && (
        <li>
          <button className="button" onClick={() => setMost(most + 10 * AT_ONCE)}>
            {parts.length - most} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Part({ name, value, open }: { name: string; value: Value; open: boolean }) {
  const [isOpen, setOpen] = useState(open);
  const parts = partsOf(value);
  if (!parts) {
    return (
      <p className="tree-leaf">
        <span className="tree-name">{name}</span> <Leaf value={value} />
      </p>
    );
  }
  const size = Array.isArray(value) ? `[${parts.length}]` : `{${parts.length}}`;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="tree-name">{name}</span> <span className="tree-size">{size}</span>
      </summary>
      {isOpen && <Parts parts={parts} />}
    </details>
  );
}

function Leaf({ value }: { value: Value }) {
  const kind = value === null ? "null" : typeof value;
  return (
    <code className="tree-value" data-kind={kind}>
      {written(value)}
    </code>
  );
}
