import { useMemo } from "react";
import type { RunDetails, RunRecord } from "../../client/runs";
import { duration } from "../../parts/times";
import { stepsOf } from "./steps";

interface StepsProps {
  details: RunDetails;
  records: RunRecord[];
  onOpen: (cursor: string) => void;
}

/** A bar for each step, from its first record to its last. */
export function Steps({ details, records, onOpen }: StepsProps) {
  const steps = useMemo(() => stepsOf(records), [records]);
  const first = records[0]?.seq ?? 0;
  const all = Math.max(1, (records.at(-1)?.seq ?? 0) - first);
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
                  left: `${(100 * (step.from - first)) / all}%`,
                  width: `${Math.max(0.6, (100 * (step.to - step.from)) / all)}%`,
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
