// Requests to the runtime's public routes, and what goes wrong with them.
import { config } from "./config";

/** An answer that is an error, or none at all (`status` 0). */
export class RequestFailure extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = "RequestFailure";
  }
}

export const AWAY = "SERVER_AWAY";

/** Of what does not exist, or is somebody else's. */
export const MISSING = new Set(["THREAD_NOT_FOUND", "RUN_NOT_FOUND", "AGENT_NOT_FOUND"]);

/** The JSON that answers a request below the `runtimeUrl`; raises RequestFailure. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await reach(path, init);
  if (response.ok) return response.status === 204 ? (undefined as T) : await response.json();
  throw await failureOf(response);
}

/** The same with a body of JSON. */
export function send<T>(
  path: string,
  method: string,
  body: unknown = {},
  signal?: AbortSignal,
): Promise<T> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  return request(path, { method, headers, body: JSON.stringify(body), signal });
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${config().runtime}${path}`, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new RequestFailure("The server cannot be reached.", 0, AWAY, null);
  }
}

async function failureOf(response: Response): Promise<RequestFailure> {
  const body = await response.json().catch(() => ({}));
  const message = body.message ?? body.details ?? body.error ?? response.statusText;
  const code = body.code ?? `HTTP_${response.status}`;
  return new RequestFailure(message, response.status, code, response.headers.get("x-request-id"));
}

/** A path of ids and names, each encoded. */
export function path(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}
