import { useEffect, useMemo, useRef } from "react";
import type { RunRecord } from "../../../client/runs";
import { saidBy, talkOf } from "./talk";

/** What was said when so many of the records had come; the newest is in sight. */
export function Said({ records, count }: { records: RunRecord[]; count: number }) {
  const lines = useMemo(() => talkOf(records), [records]);
  const said = useMemo(() => saidBy(lines, count), [lines, count]);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [said]);
  return (
    <ol className="said" ref={list} tabIndex={0} aria-label="What was said">
      {said.map(({ who, text }, place) => (
        <li key={place}>
          <span className="said-who">{who}</span>
          <span className="said-text">{text}</span>
        </li>
      ))}
    </ol>
  );
}
