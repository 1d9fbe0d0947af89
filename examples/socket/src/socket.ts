// One socket for all that a page wants of its agents. It comes back by itself when the connection
// breaks, and each stream goes on where it was. Types are in frames.ts.
import type * as wire from "./frames.js";

type Unnamed<T> = T extends unknown ? Omit<T, "request_id"> : never;
export type Opening = Unnamed<wire.HomeRequest | wire.PopupRequest | wire.Request | wire.Attach>;
export type Question = Unnamed<wire.DataRequest | wire.Mutation>;
export type Tool = {
  name: string;
  description: string;
  parameters: wire.JsonObject;
  run(given: wire.JsonValue): string | Promise<string>;
};
export type Options = {
  hello?: wire.JsonObject; // who it is, where the page's cookies do not say so
  tools?: Tool[]; // what agents may have the page do
  connected?: (is: boolean) => void;
};
type OfStream = Extract<wire.ServerFrame, { cursor: string }>;
type Pending = {
  frame: wire.ClientFrame; // as it was sent
  cursor?: string; // up to which all has come
  thread?: string;
  got?: (frame: OfStream) => void;
  done: (value: any) => void;
  failed: (error: Error) => void;
};

export class MuxError extends Error {
  constructor(readonly code: string, message: string) { super(message); }
}

export class Mux {
  #socket?: WebSocket;
  #pending = new Map<string, Pending>();
  #results = new Map<string, Promise<string>>(); // by the ids of calls: none is carried out twice
  #closed = false;
  #failures = 0;

  constructor(readonly url: string, readonly options: Options = {}) {
    this.#connect();
  }

  /** A stream: each frame of it goes to `got`; the promise is its end. */
  open(frame: Opening, got: (frame: OfStream) => void): { id: string; end: Promise<wire.StreamEnd> } {
    const id = crypto.randomUUID();
    const tools = this.#offered();
    const named = { ...frame, request_id: id } as wire.ClientFrame;
    if (named.type === "home_request" || named.type === "popup_request") {
      // With ids of ours, a frame that is sent again after a cut is the same run.
      Object.assign(named, { thread_id: named.thread_id ?? crypto.randomUUID(), tools });
      named.run_id ??= crypto.randomUUID();
    } else if (named.type === "attach") {
      named.tools = tools;
    }
    return { id, end: this.#begin(id, named, got) };
  }

  /** What there is, or what a change made. */
  ask(question: Question): Promise<wire.JsonObject> {
    const request_id = crypto.randomUUID();
    return this.#begin(request_id, { ...question, request_id } as wire.ClientFrame);
  }

  cancel = (request_id: string) => this.#send({ type: "cancel", request_id });

  close() {
    this.#closed = true;
    this.cut();
  }

  /** Breaks the connection, as a tunnel does. */
  cut = () => this.#socket?.close();

  #begin<T>(id: string, frame: wire.ClientFrame, got?: Pending["got"]): Promise<T> {
    return new Promise((done, failed) => {
      this.#pending.set(id, { frame, got, done, failed });
      this.#send(frame);
    });
  }

  #send(frame: wire.ClientFrame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #connect() {
    const socket = (this.#socket = new WebSocket(this.url, "agui-mux.1"));
    socket.onopen = () => {
      this.#send({ type: "hello", ...this.options.hello });
      for (const each of this.#pending.values()) this.#send(this.#again(each));
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code, reason }) => {
      this.options.connected?.(false);
      const over = this.#closed || (code >= 4400 && code < 4408); // the same would be refused again
      for (const [id, { frame }] of this.#pending) // whether a change was made is not known
        if (over || frame.type === "mutation")
          this.#settle(id)!.failed(new MuxError(`CLOSED_${code}`, reason));
      if (!over) setTimeout(() => this.#connect(), Math.min(5000, 50 * 2 ** this.#failures++));
    };
  }

  /** What is sent for a request after a cut: a stream that had begun is gone on with. */
  #again({ frame, cursor, thread }: Pending): wire.ClientFrame {
    if (cursor === undefined || thread === undefined) return frame;
    const { request_id, until = "end" } = frame as wire.Attach;
    const rest = { thread_id: thread, after: cursor, tools: this.#offered(), until };
    return { type: "attach", request_id, ...rest, popup: frame.type === "popup_request" };
  }

  #take(frame: wire.ServerFrame) {
    if (frame.type === "ping") return this.#send({ type: "pong" });
    if (frame.type === "pong") return;
    if (frame.type === "hello") {
      this.#failures = 0;
      return this.options.connected?.(true);
    }
    const pending = this.#pending.get(frame.request_id ?? "");
    if (!pending) return;
    if (frame.type === "error") {
      if (!frame.open) this.#settle(frame.request_id!)?.failed(new MuxError(frame.code, frame.message));
    } else if (frame.type === "data_response") {
      this.#settle(frame.request_id)?.done(frame.data);
    } else {
      pending.cursor = frame.cursor;
      if (frame.type === "stream_start") pending.thread = frame.thread_id;
      pending.got?.(frame);
      if (frame.type === "tool_call") void this.#carryOut(frame);
      if (frame.type === "stream_end") this.#settle(frame.request_id)?.done(frame);
    }
  }

  async #carryOut({ request_id, tool_call_id, name, arguments: given }: wire.ToolCall) {
    const tool = this.options.tools?.find((each) => each.name === name);
    const run = async () => (tool ? tool.run(given) : `there is no tool ${name}`);
    if (!this.#results.has(tool_call_id)) this.#results.set(tool_call_id, run().catch((e) => `failed: ${e}`));
    const content = await this.#results.get(tool_call_id)!;
    this.#send({ type: "tool_result", request_id, tool_call_id, content });
  }

  #offered(): wire.Tool[] {
    return (this.options.tools ?? []).map(({ run, ...tool }) => tool);
  }

  #settle(id: string) {
    const found = this.#pending.get(id);
    this.#pending.delete(id);
    return found;
  }
}
