// What a run did, one after the other: its records as steps with a beginning and an end. Pure.
import type { RunRecord } from "../../client/runs";
import { RECALLED, isRecalling } from "./recalled";

export type StepKind = "message" | "reasoning" | "tool" | "step" | "state" | "error";

export interface Step {
  id: string;
  kind: StepKind;
  label: string;
  /** Numbers of records. */
  from: number;
  to: number;
  cursor: string;
}

interface Bracket {
  kind: StepKind;
  key: string;
  label: (event: Record<string, unknown>) => string;
  ends: string;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

const STARTS: Record<string, Bracket> = {
  TEXT_MESSAGE_START: { kind: "message", key: "messageId", label: () => "Message", ends: "TEXT_MESSAGE_END" },
  REASONING_START: { kind: "reasoning", key: "messageId", label: () => "Reasoning", ends: "REASONING_END" },
  TOOL_CALL_START: {
    kind: "tool",
    key: "toolCallId",
    label: (event) => text(event.toolCallName),
    ends: "TOOL_CALL_RESULT",
  },
  STEP_STARTED: {
    kind: "step",
    key: "stepName",
    label: (event) => text(event.stepName),
    ends: "STEP_FINISHED",
  },
};

const MOMENTS: Record<string, [StepKind, string]> = {
  STATE_SNAPSHOT: ["state", "State"],
  STATE_DELTA: ["state", "State changed"],
  RUN_ERROR: ["error", "Error"],
  [RECALLED]: ["state", "Memory"],
};

export function stepsOf(records: RunRecord[]): Step[] {
  const steps: Step[] = [];
  const open = new Map<string, Step>();
  for (const { seq, type, event, cursor } of records) {
    const start = STARTS[type];
    if (start) {
      const id = `${start.ends}:${text(event[start.key])}`;
      const step = { id, kind: start.kind, label: start.label(event), from: seq, to: seq, cursor };
      steps.push(step);
      open.set(id, step);
    }
    const moment = MOMENTS[isRecalling({ type, event }) ? RECALLED : type];
    if (moment) {
      steps.push({ id: cursor, kind: moment[0], label: moment[1], from: seq, to: seq, cursor });
    }
    for (const key of ["messageId", "toolCallId", "stepName"]) {
      const step = open.get(`${type}:${text(event[key])}`);
      if (step) step.to = seq;
    }
    // A call that another page carries out has no result in this run.
    const call = type === "TOOL_CALL_END" && open.get(`TOOL_CALL_RESULT:${text(event.toolCallId)}`);
    if (call) call.to = seq;
  }
  return steps;
}

/** The steps that had begun with this record, as far as they had come. */
export function begun(steps: Step[], seq: number): Step[] {
  const found = steps.filter(({ from }) => from <= seq);
  return found.map((step) => (step.to <= seq ? step : { ...step, to: seq }));
}
