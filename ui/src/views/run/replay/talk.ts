// What was said in a run, and how it grew with its records. Pure.
import type { RunRecord } from "../../../client/runs";

export interface Line {
  who: string;
  text: string;
  /** The number of the record that began it. */
  from: number;
  /** `[record, characters]`: from this record on it has so many. */
  marks: [number, number][];
}

const WORDS: Record<string, string> = { assistant: "Agent", user: "You" };

type Event = RunRecord["event"];

const STARTS: Record<string, [key: string, who: (event: Event) => string]> = {
  TEXT_MESSAGE_START: ["messageId", ({ role }) => WORDS[text(role)] ?? text(role)],
  REASONING_MESSAGE_START: ["messageId", () => "Reasoning"],
  TOOL_CALL_START: ["toolCallId", ({ toolCallName }) => `Tool ${text(toolCallName)}`],
};

const GROWS: Record<string, [key: string, more: (event: Event) => string]> = {
  TEXT_MESSAGE_CONTENT: ["messageId", ({ delta }) => text(delta)],
  REASONING_MESSAGE_CONTENT: ["messageId", ({ delta }) => text(delta)],
  TOOL_CALL_ARGS: ["toolCallId", ({ delta }) => text(delta)],
  TOOL_CALL_RESULT: ["toolCallId", ({ content }) => ` → ${text(content)}`],
};

export function talkOf(records: RunRecord[]): Line[] {
  const lines: Line[] = [];
  const open = new Map<string, Line>();
  records.forEach(({ type, event }, place) => {
    if (type === "RUN_STARTED") lines.push(...questions(event, place));
    if (type === "RUN_ERROR") lines.push(whole("Error", text(event.message), place));
    const [key, who] = STARTS[type] ?? [];
    if (key && who) {
      const line: Line = { who: who(event), text: "", from: place, marks: [] };
      open.set(text(event[key]), line);
      lines.push(line);
    }
    const [id, more] = GROWS[type] ?? [];
    const line = id && open.get(text(event[id]));
    if (line && more) {
      line.text += more(event);
      line.marks.push([place, line.text.length]);
    }
  });
  return lines;
}

/** What had been said when so many records had come. */
export function saidBy(lines: Line[], count: number): { who: string; text: string }[] {
  return lines
    .filter(({ from }) => from < count)
    .map(({ who, text, marks }) => ({ who, text: text.slice(0, lengthAt(marks, count)) }));
}

function lengthAt(marks: Line["marks"], count: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle]![0] < count) low = middle + 1;
    else high = middle;
  }
  return marks[low - 1]?.[1] ?? 0;
}

function questions({ input }: Event, place: number): Line[] {
  const messages = (input as { messages?: { role: string; content?: unknown }[] } | undefined)?.messages;
  const asked = (messages ?? []).filter(({ role }) => role === "user");
  return asked.map(({ content }) => whole("You", contentOf(content), place));
}

function contentOf(content: unknown): string {
  if (!Array.isArray(content)) return text(content);
  return content.map((part) => text(part.text) || `[${text(part.type)}]`).join(" ");
}

function whole(who: string, said: string, place: number): Line {
  return { who, text: said, from: place, marks: [[place, said.length]] };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
