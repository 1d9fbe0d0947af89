// What the caller's runs took together, and how they ended.
import { graphql } from "./graphql";
import type { Operations } from "./operations";

const QUERY = `query Numbers($since: DateTimeISO!, $by: UsageBy!) {
  usage(since: $since, by: $by) { ...Used }
  outcomes(since: $since, by: $by) { ...Ended }
  allUsage: usage(since: $since, by: ALL) { ...Used }
  allOutcomes: outcomes(since: $since, by: ALL) { ...Ended }
}
fragment Used on Usage { key runs inputTokens outputTokens unpriced cost { usd } }
fragment Ended on Outcomes {
  key
  failures { code runs }
  firstEvent { median p95 }
  duration { median p95 }
}`;

/** By key, and of all keys together: one, or none where there were no runs. */
export type Numbers = Operations["Numbers"]["result"];

/** `unpriced` are runs that used tokens whose price nobody knows; with any, there is no cost. */
export type Usage = Numbers["usage"][number];

/** Of `failures`, the most frequent come first. */
export type Outcomes = Numbers["outcomes"][number];
export type Percentiles = NonNullable<Outcomes["duration"]>;
export type UsageBy = "DAY" | "AGENT" | "MODEL";

export function numbersSince(since: Date, by: UsageBy, signal?: AbortSignal): Promise<Numbers> {
  return graphql(QUERY, { since: since.toISOString(), by }, signal);
}
