import { useEffect, useMemo, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { RunRecord } from "../../client/runs";
import { Code } from "../../parts/Code";
import { CopyButton } from "../../parts/Copy";

const ROW = 32; // pixels, as in run.css
const SHOWN = 14;
const BEYOND = 6;

/** Which record a key leads to, from the one that is chosen. */
const MOVES: Record<string, (chosen: number, last: number) => number> = {
  ArrowDown: (chosen) => chosen + 1,
  ArrowUp: (chosen) => chosen - 1,
  PageDown: (chosen) => chosen + SHOWN,
  PageUp: (chosen) => chosen - SHOWN,
  Home: () => 0,
  End: (_, last) => last,
};

interface RecordsProps {
  records: RunRecord[];
  at: string | null;
  /** Whether the newest is in sight. */
  following: boolean;
  onChoose: (cursor: string) => void;
}

/** The records by type; only those in sight are drawn, so that thousands do no harm. */
export function Records({ records, at, following, onChoose }: RecordsProps) {
  const [type, setType] = useState("");
  const [top, setTop] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const types = useMemo(() => [...new Set(records.map((each) => each.type))].sort(), [records]);
  const wanted = useMemo(
    () => (type ? records.filter((each) => each.type === type) : records),
    [records, type],
  );
  const chosen = wanted.findIndex(({ cursor }) => cursor === at);
  const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
  const drawn = wanted.slice(first, first + SHOWN + 2 * BEYOND);

  useEffect(() => {
    if (chosen >= 0) list.current?.scrollTo({ top: Math.max(0, (chosen - 4) * ROW) });
  }, [at, type]); // not with each new record
  useEffect(() => {
    if (following) list.current?.scrollTo({ top: wanted.length * ROW });
  }, [following, wanted.length]);

  function choose(event: KeyboardEvent): void {
    const next = MOVES[event.key]?.(chosen, wanted.length - 1);
    const record = next !== undefined && wanted[Math.max(0, Math.min(next, wanted.length - 1))];
    if (!record) return;
    event.preventDefault();
    onChoose(record.cursor);
  }

  return (
    <>
      <div className="card-head">
        <h2>Records</h2>
        <label>
          <span className="visually-hidden">Type</span>
          <select className="input" value={type} onChange={(event) => setType(event.target.value)}>
            <option value="">All {records.length}</option>
            {types.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      <div
        className="records"
        ref={list}
        tabIndex={0}
        role="listbox"
        aria-label="Records"
        aria-activedescendant={chosen < 0 ? undefined : `record-${wanted[chosen]?.seq}`}
        onKeyDown={choose}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div className="records-all" style={{ height: wanted.length * ROW }}>
          {drawn.map((record, place) => (
            <button
              key={record.cursor}
              id={`record-${record.seq}`}
              className="record"
              role="option"
              tabIndex={-1} // the list is one stop, however many there are
              aria-selected={record.cursor === at}
              style={{ top: (first + place) * ROW }}
              onClick={() => onChoose(record.cursor)}
            >
              <span className="record-seq">{record.seq}</span>
              <span className="record-type">{record.type}</span>
              <span className="record-gist">{gist(record)}</span>
            </button>
          ))}
        </div>
      </div>
      {wanted[chosen] && <Raw record={wanted[chosen]} />}
    </>
  );
}

function Raw({ record }: { record: RunRecord }) {
  const text = JSON.stringify(record.event, null, 2);
  return (
    <section className="raw" aria-label="The record">
      <div className="card-head">
        <p className="hint">
          Cursor <code>{record.cursor}</code>
        </p>
        <CopyButton text={text} label="Copy JSON" />
      </div>
      <Code label="The record as JSON">{text}</Code>
    </section>
  );
}

function gist({ event }: RunRecord): string {
  const told = event.delta ?? event.toolCallName ?? event.stepName ?? event.content ?? event.message;
  return typeof told === "string" ? told : "";
}
