// Figures in rows by what runs have in common, and what can be said of a row. Pure.
import type { Numbers, Outcomes, Percentiles, Usage, UsageBy } from "../../client/usage";
import { duration } from "../../parts/times";

export interface Row {
  key: string | null;
  usage: Usage | undefined;
  outcomes: Outcomes | undefined;
}

export interface Measure {
  label: string;
  /** Null where it is not known. */
  of: (row: Row) => number | null;
  shown: (value: number) => string;
}

const count = (value: number) => value.toLocaleString("en");
const DIGITS = { maximumFractionDigits: 4 };
const FEW_DIGITS = { maximumSignificantDigits: 2 }; // so that what costs little is not free
const dollars = (value: number) => `$${value.toLocaleString("en", value < 0.01 ? FEW_DIGITS : DIGITS)}`;

export const MEASURES: Record<string, Measure> = {
  runs: { label: "Runs", of: ({ usage }) => usage?.runs ?? 0, shown: count },
  failures: { label: "Failures", of: failuresOf, shown: count },
  input: { label: "Tokens in", of: ({ usage }) => usage?.inputTokens ?? 0, shown: count },
  output: { label: "Tokens out", of: ({ usage }) => usage?.outputTokens ?? 0, shown: count },
  cost: { label: "Cost", of: costOf, shown: dollars },
  first: { label: "First event, median", of: time("firstEvent", "median"), shown: duration },
  first95: { label: "First event, p95", of: time("firstEvent", "p95"), shown: duration },
  duration: { label: "Duration, median", of: time("duration", "median"), shown: duration },
  duration95: { label: "Duration, p95", of: time("duration", "p95"), shown: duration },
};

/** One row for each key; of days also the empty ones. */
export function rowsOf(by: UsageBy, { usage, outcomes }: Numbers, days: string[]): Row[] {
  const keys = new Set(usage.map((each) => each.key));
  if (by === "DAY") for (const day of days) keys.add(day);
  const order = [...keys].sort((one, other) => (one ?? "\uffff").localeCompare(other ?? "\uffff"));
  return order.map((key) => ({
    key,
    usage: usage.find((each) => each.key === key),
    outcomes: outcomes.find((each) => each.key === key),
  }));
}

/** All keys together. */
export function together({ allUsage, allOutcomes }: Numbers): Row {
  return { key: null, usage: allUsage[0], outcomes: allOutcomes[0] };
}

/** The days in UTC, today's the last. */
export function lastDays(number: number, now = new Date()): string[] {
  const days = Array.from({ length: number }, (_, ago) => dayOf(new Date(+now - ago * 86_400_000)));
  return days.reverse();
}

function time(of: "firstEvent" | "duration", which: keyof Percentiles): Measure["of"] {
  return ({ outcomes }) => outcomes?.[of]?.[which] ?? null;
}

function failuresOf({ outcomes }: Row): number {
  return (outcomes?.failures ?? []).reduce((all, { runs }) => all + runs, 0);
}

function costOf({ usage }: Row): number | null {
  return usage?.cost ? Number(usage.cost.usd) : null;
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
