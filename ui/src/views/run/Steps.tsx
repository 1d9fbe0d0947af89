import { useMemo } from "react";
import type { RunDetails, RunRecord } from "../../client/runs";
import { duration } from "../../parts/times";
import { begun, stepsOf } from "./steps";

interface StepsProps {
  details: RunDetails;
  records: RunRecord[];
  /** So many of the records have come. */
  count: number;
  onOpen: (cursor: string) => void;
}

/** A bar for each step that has begun, from its first record to its last so far. */
export function Steps({ details, records, count, onOpen }: StepsProps) {
  const all = useMemo(() => stepsOf(records), [records]);
  const steps = useMemo(() => begun(all, records[count - 1]?.seq ?? -1), [all, records, count]);
  const first = records[0]?.seq ?? 0;
  const span = Math.max(1, (records.at(-1)?.seq ?? 0) - first);
  const known = new Map(details.messageFigures.map((each) => [each.messageId, each.milliseconds]));
  if (steps.length === 0) return <p className="hint">Nothing yet.</p>;
  return (
    <ol className="steps">
      {steps.map((step) => (
        <li key={`${step.id}-${step.from}`}>
          <button onClick={() => onOpen(step.cursor)}>
            <span className="step-label">{step.label || step.kind}</span>
            <span className="step-track">
              <span
                className={`step-bar ${step.kind}`}
                style={{
                  left: `${(100 * (step.from - first)) / span}%`,
                  width: `${Math.max(0.6, (100 * (step.to - step.from)) / span)}%`,
                }}
              />
            </span>
            <span className="step-time">{duration(known.get(step.id.split(":")[1] ?? ""))}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
