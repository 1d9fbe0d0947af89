// Runs in rows by what they have in common, and what can be said of a row. Pure.
import type { MeasuredRun, Usage, UsageBy } from "../../client/usage";
import { duration } from "../../parts/times";

export interface Row {
  key: string | null;
  usage: Usage | undefined;
  runs: MeasuredRun[];
}

export interface Measure {
  label: string;
  /** Null where it is not known. */
  of: (row: Row) => number | null;
  shown: (value: number) => string;
}

const count = (value: number) => value.toLocaleString("en");
const dollars = (value: number) => `$${value.toLocaleString("en", { maximumFractionDigits: 4 })}`;

export const MEASURES: Record<string, Measure> = {
  runs: { label: "Runs", of: ({ usage }) => usage?.runs ?? 0, shown: count },
  failures: { label: "Failures", of: ({ runs }) => runs.filter(hasFailed).length, shown: count },
  input: { label: "Tokens in", of: ({ usage }) => usage?.inputTokens ?? 0, shown: count },
  output: { label: "Tokens out", of: ({ usage }) => usage?.outputTokens ?? 0, shown: count },
  cost: { label: "Cost", of: costOf, shown: dollars },
  first: { label: "First event, median", of: firstEvent(0.5), shown: duration },
  first95: { label: "First event, p95", of: firstEvent(0.95), shown: duration },
  duration: { label: "Duration, median", of: ofDurations(0.5), shown: duration },
  duration95: { label: "Duration, p95", of: ofDurations(0.95), shown: duration },
};

const KEYS: Record<UsageBy, (run: MeasuredRun) => string | null> = {
  DAY: (run) => dayOf(new Date(run.timing.startedAt)),
  AGENT: (run) => run.agentName,
  MODEL: (run) => run.model,
};

/** One row for each key of the usage, with the runs of that key; of days also the empty ones. */
export function rowsOf(by: UsageBy, usage: Usage[], runs: MeasuredRun[], days: string[]): Row[] {
  const keys = new Set(usage.map((each) => each.key));
  if (by === "DAY") for (const day of days) keys.add(day);
  const order = [...keys].sort((one, other) => (one ?? "\uffff").localeCompare(other ?? "\uffff"));
  return order.map((key) => ({
    key,
    usage: usage.find((each) => each.key === key),
    runs: runs.filter((run) => KEYS[by](run) === key),
  }));
}

/** All rows as one. */
export function together(rows: Row[], runs: MeasuredRun[]): Row {
  const usages = rows.flatMap(({ usage }) => usage ?? []);
  const sum = (of: (usage: Usage) => number) => usages.reduce((all, each) => all + of(each), 0);
  const unpriced = sum((each) => each.unpriced);
  const usd = sum((each) => Number(each.cost?.usd ?? 0));
  const isPriced = unpriced === 0 && usages.some(({ cost }) => cost);
  const usage: Usage = {
    key: null,
    runs: sum((each) => each.runs),
    milliseconds: sum((each) => each.milliseconds),
    inputTokens: sum((each) => each.inputTokens),
    outputTokens: sum((each) => each.outputTokens),
    cost: isPriced ? { usd: String(usd) } : null,
    unpriced,
  };
  return { key: null, usage, runs };
}

/** `[code, how often]`, the most frequent first. */
export function failuresByCode(runs: MeasuredRun[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { errorCode } of runs.filter(hasFailed)) {
    const code = errorCode ?? "unknown";
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one);
}

/** The days in UTC, today's the last. */
export function lastDays(number: number, now = new Date()): string[] {
  const days = Array.from({ length: number }, (_, ago) => dayOf(new Date(+now - ago * 86_400_000)));
  return days.reverse();
}

/** The smallest value that this share of all does not exceed (nearest rank); null of none. */
export function quantile(values: number[], share: number): number | null {
  const order = [...values].sort((one, other) => one - other);
  return order[Math.max(0, Math.ceil(share * order.length) - 1)] ?? null;
}

function ofDurations(share: number): Measure["of"] {
  return ({ runs }) => quantile(known(runs.map(({ timing }) => timing.durationMilliseconds)), share);
}

function firstEvent(share: number): Measure["of"] {
  return ({ runs }) => quantile(known(runs.map(({ timing }) => timing.firstEventMilliseconds)), share);
}

function known(values: (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function costOf({ usage }: Row): number | null {
  return usage?.cost ? Number(usage.cost.usd) : null;
}

function hasFailed(run: MeasuredRun): boolean {
  return run.status === "Failed";
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
