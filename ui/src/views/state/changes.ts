// What a run did to the state, out of its records. Pure.
import type { RunRecord } from "../../client/runs";

export interface Change {
  cursor: string;
  /** What was done where: `replace /progress`. */
  what: string;
  value: string;
}

export function changesOf(records: RunRecord[]): Change[] {
  return records.flatMap(({ type, event, cursor }) => {
    if (type === "STATE_SNAPSHOT") {
      return [{ cursor, what: "The whole state", value: JSON.stringify(event.snapshot) }];
    }
    if (type !== "STATE_DELTA" || !Array.isArray(event.delta)) return [];
    return event.delta.map(({ op, path, from, value }) => ({
      cursor,
      what: `${op} ${path}`,
      value: from ?? (value === undefined ? "" : JSON.stringify(value)),
    }));
  });
}
