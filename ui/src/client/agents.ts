// The agents of the server, with what each says that it can do.
import { graphql } from "./graphql";

export type Breaker = "Closed" | "Open" | "HalfOpen";

export interface KnownAgent {
  name: string;
  description: string;
  /** In AG-UI's form, as the agent states it: anything may be missing. */
  capabilities: Record<string, unknown> | null;
  /** Null for an agent that has none. */
  breaker: Breaker | null;
}

const QUERY = `query Agents { agents { name description capabilities breaker } }`;

export async function knownAgents(signal?: AbortSignal): Promise<KnownAgent[]> {
  return (await graphql<{ agents: KnownAgent[] }>(QUERY, {}, signal)).agents;
}
