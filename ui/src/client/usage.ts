// What the caller's runs took together, and what single ones did.
import { graphql } from "./graphql";

export type UsageBy = "DAY" | "AGENT" | "MODEL";

export interface Usage {
  key: string | null;
  runs: number;
  milliseconds: number;
  inputTokens: number;
  outputTokens: number;
  cost: { usd: string } | null;
  /** Runs that used tokens whose price nobody knows; there is no cost where there are any. */
  unpriced: number;
}

export interface MeasuredRun {
  agentName: string;
  status: string;
  model: string | null;
  errorCode: string | null;
  timing: {
    startedAt: string;
    endedAt: string | null;
    durationMilliseconds: number | null;
    firstEventMilliseconds: number | null;
  };
}

/** Runs out of the latest threads; `isWhole` unless some were too many to load. */
export interface Sample {
  runs: MeasuredRun[];
  threads: number;
  isWhole: boolean;
}

const USAGE = `query Usage($since: DateTimeISO!, $by: UsageBy!) {
  usage(since: $since, by: $by) {
    key runs milliseconds inputTokens outputTokens unpriced
    cost { usd }
  }
}`;

export async function usageSince(
  since: Date,
  by: UsageBy,
  signal?: AbortSignal,
): Promise<Usage[]> {
  const variables = { since: since.toISOString(), by };
  return (await graphql<{ usage: Usage[] }>(USAGE, variables, signal)).usage;
}

const RUNS = `query LatestRuns($threads: Int!, $runs: Int!, $after: String) {
  threads(first: $threads, after: $after) {
    nodes {
      updatedAt
      runs(first: $runs) {
        agentName status model errorCode
        timing { startedAt endedAt durationMilliseconds firstEventMilliseconds }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const PAGE = 50; // threads
const MOST_THREADS = 200;
const MOST_RUNS = 100; // of a thread; the server gives no more at once

interface ThreadPage {
  threads: {
    nodes: { updatedAt: string; runs: MeasuredRun[] }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

/** The runs that began since then and have ended, thread by thread, the latest first. */
export async function latestRuns(since: Date, signal?: AbortSignal): Promise<Sample> {
  const sample: Sample = { runs: [], threads: 0, isWhole: true };
  let after: string | null = null;
  for (;;) {
    const variables: Record<string, unknown> = { threads: PAGE, runs: MOST_RUNS, after };
    const { threads }: ThreadPage = await graphql<ThreadPage>(RUNS, variables, signal);
    const fresh = threads.nodes.filter(({ updatedAt }) => new Date(updatedAt) >= since);
    for (const { runs } of fresh) {
      const counted = runs.filter(({ timing }) => new Date(timing.startedAt) >= since);
      sample.runs.push(...counted.filter(({ timing }) => timing.endedAt !== null));
      if (counted.length === MOST_RUNS) sample.isWhole = false;
    }
    sample.threads += fresh.length;
    if (fresh.length < threads.nodes.length || !threads.pageInfo.hasNextPage) return sample;
    if (sample.threads >= MOST_THREADS) return { ...sample, isWhole: false };
    after = threads.pageInfo.endCursor;
  }
}
