// The frames of agui-mux.1. Made from their JSON Schema by `python3 scripts.py frames`;
// the server has it at GET /copilotkit/socket.

export type JsonObject = { [key: string]: JsonValue };
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** Appends messages to the thread without having an agent answer; whoever follows it gets them. Those without an `id` are given one. */
export type AddMessages = {
  type: "mutation";
  request_id: string;
  kind: "add_messages";
  thread_id: string;
  messages: Array<JsonObject>;
};

/** The agents that the caller may use. */
export type AgentsRequest = {
  type: "data_request";
  request_id: string;
  kind: "agents";
};

/** Archives the thread, or brings it back. */
export type ArchiveThread = {
  type: "mutation";
  request_id: string;
  kind: "archive_thread";
  thread_id: string;
  archived?: boolean;
};

/** Reads a thread from its start, or `after` a cursor: until the end of what there is, or of the run that is live, or `until` it is cancelled (`live`). With `tools`, calls of these that the thread waits for are given to this client, and it may answer them. With `popup`, frames say whom a router chose, as for a `popup_request`. */
export type Attach = {
  type: "attach";
  request_id: string;
  thread_id: string;
  after?: string | null;
  until?: "end" | "live";
  agent?: string | null;
  tools?: Array<Tool>;
  popup?: boolean;
};

/** Stops the run of a request, and ends its stream; of an `attach` until `live`, only that. */
export type Cancel = {
  type: "cancel";
  request_id: string;
};

export type ClientFrame = Hello | Ping | Pong | HomeRequest | PopupRequest | Request | Attach | Cancel | ToolResult | AgentsRequest | ThreadsRequest | ThreadRequest | MessagesRequest | RunsRequest | StateRequest | UsageRequest | RenameThread | ArchiveThread | DeleteThread | AddMessages | SaveState | StopRun;

/** A named piece of ambient information given to the agent for the run, distinct from the conversation. */
export type Context = {
  description: string;
  value: string;
} & JsonObject;

export type DataRequest = AgentsRequest | ThreadsRequest | ThreadRequest | MessagesRequest | RunsRequest | StateRequest | UsageRequest;

/** The answer to a `data_request` or a `mutation`; `data` has the form that its kind has. */
export type DataResponse = {
  type: "data_response";
  request_id: string;
  kind: string;
  data: JsonObject;
};

/** Forgets the thread with all that it holds; refused while it runs. */
export type DeleteThread = {
  type: "mutation";
  request_id: string;
  kind: "delete_thread";
  thread_id: string;
};

/** Why a frame was not obeyed, or a stream broke off: `frame` is its type. Where the request is `open`, it goes on. */
export type ErrorFrame = {
  type: "error";
  request_id: string | null;
  frame: string | null;
  code: string;
  message: string;
  open: boolean;
  retry_after?: number | null;
};

/** Why a run failed. */
export type Failure = {
  code: string | null;
  message: string;
};

/** May be the first frame: it carries what a page cannot set as headers of the handshake. `authorization` counts as that header; whatever else is in it `authenticate` finds at `request.state.connection_init`. */
export type Hello = {
  type: "hello";
  protocol?: "agui-mux.1";
  authorization?: string | null;
} & JsonObject;

/** What a client may do on this socket: so many requests open at a time, frames of so many bytes. After so many seconds of silence it is pinged, and given up after as many more. */
export type HelloAnswer = {
  type: "hello";
  protocol: "agui-mux.1";
  requests: number;
  frame_bytes: number;
  ping_seconds: number;
};

/** From a page of its own. */
export type HomeRequest = {
  type: "home_request";
  request_id: string;
  message: string | Array<JsonObject>;
  thread_id?: string | null;
  run_id?: string | null;
  agent?: string | null;
  scope?: JsonValue;
  conversation_history?: Array<JsonObject>;
  tools?: Array<Tool>;
  context?: Array<Context>;
  state?: JsonValue;
  properties?: JsonObject;
};

/** A page of a thread's messages, the latest, or those `before` one, and the cursor of what follows them all. */
export type MessagesRequest = {
  type: "data_request";
  request_id: string;
  kind: "messages";
  thread_id: string;
  limit?: number;
  before?: string | null;
};

export type Mutation = RenameThread | ArchiveThread | DeleteThread | AddMessages | SaveState | StopRun;

/** Answered with `pong`. */
export type Ping = {
  type: "ping";
};

/** Answers the server's `ping`. */
export type Pong = {
  type: "pong";
};

/** Whom a router chose, before it has said anything. */
export type PopupDomain = {
  request_id: string;
  cursor: string;
  type: "popup_domain";
  agent: string | null;
  domain: string | null;
  by: string | null;
  confidence: number | null;
};

/** From a window over another page: the agent's `properties.surface` is `popup`, and where a router chooses the agent, `popup_domain` says whom. */
export type PopupRequest = {
  type: "popup_request";
  request_id: string;
  message: string | Array<JsonObject>;
  thread_id?: string | null;
  run_id?: string | null;
  agent?: string | null;
  scope?: JsonValue;
  conversation_history?: Array<JsonObject>;
  tools?: Array<Tool>;
  context?: Array<Context>;
  state?: JsonValue;
  properties?: JsonObject;
};

/** Gives the thread a name. */
export type RenameThread = {
  type: "mutation";
  request_id: string;
  kind: "rename_thread";
  thread_id: string;
  name: string;
};

/** A run with AG-UI's own RunAgentInput, of which all but `messages` may be left out. With a `runId` in it, the same frame again is the same run, of which the client has what comes before the cursor `resume_after`. */
export type Request = {
  type: "request";
  request_id: string;
  agent?: string | null;
  thread_id?: string | null;
  input: JsonObject;
  resume_after?: string | null;
};

/** A thread's runs, oldest first, each with what it took. */
export type RunsRequest = {
  type: "data_request";
  request_id: string;
  kind: "runs";
  thread_id: string;
};

/** Saves the state from which the agent's next run begins. With `expected_version`, nothing that was saved meanwhile is overwritten. */
export type SaveState = {
  type: "mutation";
  request_id: string;
  kind: "save_state";
  thread_id: string;
  agent?: string | null;
  state: JsonValue;
  expected_version?: number | null;
};

export type ServerFrame = HelloAnswer | ServerPing | ServerPong | StreamStart | StreamText | StreamBlock | ToolCall | PopupDomain | StreamEnd | DataResponse | ErrorFrame;

/** To be answered with `pong`. */
export type ServerPing = {
  type: "ping";
};

/** Answers the client's `ping`. */
export type ServerPong = {
  type: "pong";
};

/** The state that an agent's next run in the thread begins with, and its version; the thread's own agent unless one is named. Null where there is none. */
export type StateRequest = {
  type: "data_request";
  request_id: string;
  kind: "state";
  thread_id: string;
  agent?: string | null;
};

/** Stops the thread's live run, or only that one. */
export type StopRun = {
  type: "mutation";
  request_id: string;
  kind: "stop_run";
  thread_id: string;
  run_id?: string | null;
};

/** Any other AG-UI event, as it is. */
export type StreamBlock = {
  request_id: string;
  cursor: string;
  type: "stream_block";
  block: JsonObject;
};

/** The last frame of every stream. */
export type StreamEnd = {
  request_id: string;
  cursor: string;
  type: "stream_end";
  outcome: "success" | "interrupt" | "cancelled" | "error";
  error?: Failure | null;
  interrupts?: Array<JsonObject> | null;
  usage?: Array<JsonObject> | null;
};

/** The first frame of every stream; `run_id` is null where it reads a thread. */
export type StreamStart = {
  request_id: string;
  cursor: string;
  type: "stream_start";
  thread_id: string;
  run_id: string | null;
};

/** What came of the text of the message `block_id` since the frame before. */
export type StreamText = {
  request_id: string;
  cursor: string;
  type: "stream_text";
  block_id: string;
  delta: string;
};

/** One thread, and the cursor of its end. */
export type ThreadRequest = {
  type: "data_request";
  request_id: string;
  kind: "thread";
  thread_id: string;
};

/** A page of the caller's threads, the most recently updated first. */
export type ThreadsRequest = {
  type: "data_request";
  request_id: string;
  kind: "threads";
  agent?: string | null;
  include_archived?: boolean;
  limit?: number;
  cursor?: string | null;
  search?: string | null;
};

/** A tool the agent may call. */
export type Tool = {
  name: string;
  description: string;
  parameters?: JsonValue | null;
  metadata?: JsonObject | null;
} & JsonObject;

/** A call of one of the client's tools, whole; it is answered with `tool_result`. The arguments are a text where the model wrote no JSON. */
export type ToolCall = {
  request_id: string;
  cursor: string;
  type: "tool_call";
  tool_call_id: string;
  name: string;
  arguments: JsonValue;
};

/** What became of a call. When all that the request waits for are answered, the agent goes on in a run whose events come on the same `request_id`. */
export type ToolResult = {
  type: "tool_result";
  request_id: string;
  tool_call_id: string;
  content: string;
  error?: string | null;
};

/** What the caller's runs took since then (seconds since 1970; the last week if left out). */
export type UsageRequest = {
  type: "data_request";
  request_id: string;
  kind: "usage";
  since?: number | null;
  by?: "model" | "agent" | "day" | "thread" | "all";
};
