// GraphQL over POST, at the `runtimeUrl`.
import { refused } from "./fetching";
import type { Operations } from "./operations";
import { RequestFailure, send } from "./requests";

interface Answer {
  data?: unknown;
  errors?: { message: string; extensions?: Partial<Extensions> }[];
}

interface Extensions {
  code: string;
  runtimeCode: string;
  requestId: string;
  statusCode: number;
}

/** `"query Run($id: …" names `"Run"`. */
type NameOf<Text> = Text extends `${string} ${infer Name} ${string}` ? Plain<Name> : never;
type Plain<Name> = Name extends `${infer Before}(${string}` ? Before : Name;
type Of<Text> = Operations[NameOf<Text> & keyof Operations];

/** The data of an operation, whose types go with its name; raises RequestFailure for the first of
 * its errors.
 */
export async function graphql<Text extends string>(
  query: Text,
  variables: Of<Text>["variables"],
  signal?: AbortSignal,
): Promise<Of<Text>["result"]> {
  const { data, errors } = await send<Answer>("", "POST", { query, variables }, signal);
  const [error] = errors ?? [];
  if (error) {
    const { code = "GRAPHQL_ERROR", runtimeCode = code, requestId, statusCode = 200 } =
      error.extensions ?? {};
    if (statusCode === 401) refused();
    throw new RequestFailure(error.message, statusCode, runtimeCode, requestId ?? null);
  }
  return data as Of<Text>["result"];
}
