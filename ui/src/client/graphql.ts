// GraphQL over POST, at the `runtimeUrl`.
import { RequestFailure, send } from "./requests";

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string; runtimeCode?: string; requestId?: string } }[];
}

/** The data of an operation; raises RequestFailure for the first of its errors. */
export async function graphql<T>(
  query: string,
  variables: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<T> {
  const { data, errors } = await send<Answer<T>>("", "POST", { query, variables }, signal);
  const [error] = errors ?? [];
  if (error) {
    const { code = "GRAPHQL_ERROR", runtimeCode, requestId = null } = error.extensions ?? {};
    throw new RequestFailure(error.message, 200, runtimeCode ?? code, requestId);
  }
  return data as T;
}
