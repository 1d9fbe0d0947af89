// Every request of this page to its runtime, also those of CopilotKit's components, passes here: it
// gets the caller's token, and its answer shows whether the server is there and knows the caller.
import { demandToken, session } from "./session";
import { Store } from "./store";

export interface Connection {
  /** False from a request that reached no server on, until one does. */
  reachable: boolean;
  /** The id of the last request for a run: what a failure of it is found by in the server's log. */
  runRequestId: string | null;
}

export const connection = new Store<Connection>({ reachable: true, runRequestId: null });

const REFUSED = "This server wants to know who is asking.";
const REJECTED = "The server does not accept this token.";

export function observeRequests(runtime: string): void {
  const plain = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!isOfRuntime(request.url, runtime)) return plain(request);
    const { token } = session.get();
    if (token) request.headers.set("authorization", `Bearer ${token}`);
    return observed(request, plain);
  };
}

/** The server does not know who is asking. */
export function refused(): void {
  demandToken(session.get().token ? REJECTED : REFUSED);
}

async function observed(request: Request, plain: typeof fetch): Promise<Response> {
  let response: Response;
  try {
    response = await plain(request);
  } catch (error) {
    if (!request.signal.aborted) connection.set({ ...connection.get(), reachable: false });
    throw error;
  }
  const isRun = /\/agent\/[^/]+\/(run|connect)$/.test(new URL(request.url).pathname);
  const known = connection.get().runRequestId;
  const runRequestId = isRun ? response.headers.get("x-request-id") : known;
  connection.set({ reachable: true, runRequestId });
  if (response.status === 401) refused();
  return response;
}

function isOfRuntime(url: string, runtime: string): boolean {
  return url === runtime || url.startsWith(`${runtime}/`) || url.startsWith(`${runtime}?`);
}
