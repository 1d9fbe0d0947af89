// A run as the lines that `agui-runtime threads export` writes, and the conversation it began with. Pure.
import type { Message } from "../../../client/messages";
import type { RunDetails, RunRecord } from "../../../client/runs";
import type { Run } from "../../../client/threads";

export interface Recorded {
  thread: string;
  run: string;
  details: RunDetails;
  records: RunRecord[];
}

/** Types whose events come in many small ones. */
const GROWING = new Set(["TEXT_MESSAGE_CONTENT", "REASONING_MESSAGE_CONTENT", "TOOL_CALL_ARGS"]);

type Event = RunRecord["event"];

/** A line for the thread and one for the run. Nobody owns them; deltas are joined, as a log does that is compacted. */
export function exportedLines({ thread, run, details, records }: Recorded): string[] {
  const { agentName: agent, timing, status } = details;
  const started = Date.parse(timing.startedAt) / 1000;
  const ended = started + (timing.durationMilliseconds ?? 0) / 1000;
  const its = { thread_id: thread, agent, owner: "" };
  const info = { ...its, run_id: run, started_at: started, status: status.toLowerCase(), ended_at: ended };
  const events = joined(records.map(({ event }) => event));
  return [
    { kind: "thread", thread: { ...its, created_at: started, updated_at: ended } },
    { kind: "run", run: info, events },
  ].map((line) => JSON.stringify(line));
}

/** The messages that the agent was given: those of the thread up to what this run was asked. */
export function conversation(messages: Message[], records: RunRecord[]): Message[] {
  const start = records.find(({ type }) => type === "RUN_STARTED")?.event as Start | undefined;
  const again = records.find(isEdit)?.event as { messages: Message[] } | undefined;
  if (again) return again.messages;
  const asked = start?.input?.messages ?? [];
  const ids = new Set(asked.map(({ id }) => id));
  const last = messages.findLastIndex(({ id }) => ids.has(id));
  return last < 0 ? asked : messages.slice(0, last + 1);
}

interface Start {
  input?: { messages?: Message[] };
}

/** A question that was edited or asked again comes with the messages before it. */
function isEdit({ type, event }: RunRecord): boolean {
  return type === "MESSAGES_SNAPSHOT" && Boolean((event.metadata as Event | undefined)?.regenerates);
}

/** Whether it goes on from an interrupt: such a run cannot be asked for by itself. */
export function isAnswer(run: string, runs: Run[]): boolean {
  return runs.some(({ continuedBy }) => continuedBy === run);
}

function joined(events: Event[]): Event[] {
  const found: Event[] = [];
  for (const event of events) {
    const before = found.at(-1);
    if (before && grows(before, event)) {
      found[found.length - 1] = { ...before, delta: `${before.delta}${event.delta}` };
    } else found.push(event);
  }
  return found;
}

function grows(before: Event, event: Event): boolean {
  const isSame = (key: string) => before[key] === event[key];
  return GROWING.has(String(event.type)) && ["type", "messageId", "toolCallId"].every(isSame);
}
