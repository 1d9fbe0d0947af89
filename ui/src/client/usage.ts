// What the caller's runs took together, and how they ended.
import { graphql } from "./graphql";

export type UsageBy = "DAY" | "AGENT" | "MODEL";

export interface Usage {
  key: string | null;
  runs: number;
  inputTokens: number;
  outputTokens: number;
  cost: { usd: string } | null;
  /** Runs that used tokens whose price nobody knows; there is no cost where there are any. */
  unpriced: number;
}

export interface Percentiles {
  median: number;
  p95: number;
}

export interface Outcomes {
  key: string | null;
  /** The most frequent first. */
  failures: { code: string; runs: number }[];
  firstEvent: Percentiles | null;
  duration: Percentiles | null;
}

/** By key, and of all keys together: one, or none where there were no runs. */
export interface Numbers {
  usage: Usage[];
  outcomes: Outcomes[];
  allUsage: Usage[];
  allOutcomes: Outcomes[];
}

const USAGE = "{ key runs inputTokens outputTokens unpriced cost { usd } }";
const OUTCOMES =
  "{ key failures { code runs } firstEvent { median p95 } duration { median p95 } }";

const QUERY = `query Numbers($since: DateTimeISO!, $by: UsageBy!) {
  usage(since: $since, by: $by) ${USAGE}
  outcomes(since: $since, by: $by) ${OUTCOMES}
  allUsage: usage(since: $since, by: ALL) ${USAGE}
  allOutcomes: outcomes(since: $since, by: ALL) ${OUTCOMES}
}`;

export function numbersSince(since: Date, by: UsageBy, signal?: AbortSignal): Promise<Numbers> {
  return graphql<Numbers>(QUERY, { since: since.toISOString(), by }, signal);
}
