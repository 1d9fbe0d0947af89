// The agents of the server, with what each says that it can do.
import { graphql } from "./graphql";
import type { Operations } from "./operations";

const QUERY = `query Agents { agents { name description capabilities breaker } }`;

/** Its capabilities are in AG-UI's form, as the agent states them: anything may be missing. */
export type KnownAgent = Operations["Agents"]["result"]["agents"][number];

/** Of an agent that has one. */
export type Breaker = NonNullable<KnownAgent["breaker"]>;

export async function knownAgents(signal?: AbortSignal): Promise<KnownAgent[]> {
  return (await graphql(QUERY, {}, signal)).agents;
}
