// What a run's agent was given of its user's memory: the CUSTOM events that say so. Pure.
import type { RunRecord } from "../../client/runs";

export const RECALLED = "agui_runtime.recalled";

export interface Recalled {
  id: string;
  /** How near it is to what was asked: up to 1. Only facts have one. */
  score?: number | undefined;
}

/** Each entry once, in the order in which they were given. */
export function recalledIn(records: RunRecord[]): Recalled[] {
  const found = records.filter(isRecalling).flatMap(({ event }) => entriesIn(event.value));
  return [...new Map(found.map((each) => [each.id, each])).values()];
}

export function isRecalling({ type, event }: Pick<RunRecord, "type" | "event">): boolean {
  return type === "CUSTOM" && event.name === RECALLED;
}

function entriesIn(value: unknown): Recalled[] {
  const { entries } = (value ?? {}) as { entries?: unknown };
  return Array.isArray(entries) ? entries.filter(isRecalled) : [];
}

function isRecalled(value: unknown): value is Recalled {
  const { id, score } = (value ?? {}) as Partial<Record<keyof Recalled, unknown>>;
  return typeof id === "string" && (score === undefined || typeof score === "number");
}
