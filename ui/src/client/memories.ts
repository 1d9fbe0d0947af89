// What is remembered of the caller, over all threads.
import { graphql } from "./graphql";
import type { Operations } from "./operations";

const QUERY = `query Memory(
  $tier: MemoryTier, $threadId: String, $ids: [String!], $first: Int!, $after: String
) {
  memory(tier: $tier, threadId: $threadId, ids: $ids, first: $first, after: $after) {
    nodes {
      id tier readable text key entity times confidence updatedAt
      origin { threadId runId messageId extractor thread { name } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const EXPORT = `query ExportMemory($first: Int!, $after: String) {
  memory(first: $first, after: $after) {
    nodes {
      id tier readable text key entity times confidence createdAt updatedAt
      origin { threadId runId messageId extractor }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const REMEMBER = `mutation Remember($data: RememberInput!) { remember(data: $data) { id } }`;

const CORRECT = `mutation CorrectMemory($id: String!, $text: String!) {
  correctMemory(id: $id, text: $text) { id }
}`;

const DELETE = `mutation DeleteMemory($id: String!) { deleteMemory(id: $id) }`;

const FORGET = `mutation ForgetMe { forgetMe }`;

export type MemoryPage = Operations["Memory"]["result"]["memory"];
export type MemoryEntry = MemoryPage["nodes"][number];
export type Tier = MemoryEntry["tier"];
export type NewEntry = Operations["Remember"]["variables"]["data"];

type Wanted = Omit<Operations["Memory"]["variables"], "first">;
type Exported = Operations["ExportMemory"];

export const TIERS: readonly Tier[] = ["Core", "Associative", "Episodic", "Proactive"];

const SHOWN = 50;
const MOST = 100;

/** The latest entries of those that are wanted, or those behind a page of them. */
export async function memoryOf(
  wanted: Wanted,
  signal?: AbortSignal,
  first = SHOWN,
): Promise<MemoryPage> {
  return (await graphql(QUERY, { ...wanted, first }, signal)).memory;
}

/** The latest of each tier. */
export async function latestMemory(signal?: AbortSignal): Promise<Map<Tier, MemoryPage>> {
  const pages = TIERS.map(async (tier) => [tier, await memoryOf({ tier }, signal)] as const);
  return new Map(await Promise.all(pages));
}

/** Those of these that are still there. */
export async function entriesOf(ids: string[], signal?: AbortSignal): Promise<MemoryEntry[]> {
  return (await memoryOf({ ids }, signal, MOST)).nodes;
}

/** All that is remembered, the latest first. */
export async function exportedMemory(): Promise<Exported["result"]["memory"]["nodes"]> {
  const entries = [];
  let after: string | null = null;
  do {
    const { memory }: Exported["result"] = await graphql(EXPORT, { first: MOST, after });
    entries.push(...memory.nodes);
    after = memory.pageInfo.hasNextPage ? memory.pageInfo.endCursor : null;
  } while (after !== null);
  return entries;
}

/** Answers the entry's id, as the next one does. */
export async function remember(data: NewEntry): Promise<string> {
  return (await graphql(REMEMBER, { data })).remember.id;
}

export async function correctMemory(id: string, text: string): Promise<string> {
  return (await graphql(CORRECT, { id, text })).correctMemory.id;
}

export async function deleteMemory(ids: string[]): Promise<void> {
  for (const id of ids) await graphql(DELETE, { id });
}

export async function forgetMe(): Promise<void> {
  await graphql(FORGET, {});
}
