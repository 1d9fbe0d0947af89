import { navigate, useQuery } from "../../app/router";
import type { UsageBy } from "../../client/usage";
import { MEASURES } from "./measures";

export interface Chosen {
  days: number;
  by: UsageBy;
  /** A name in MEASURES. */
  show: string;
}

const DAYS: Record<string, string> = { 1: "Today", 7: "7 days", 30: "30 days", 90: "90 days" };
const DIVISIONS: Record<string, [UsageBy, string]> = {
  day: ["DAY", "By day"],
  agent: ["AGENT", "By agent"],
  model: ["MODEL", "By model"],
};

/** What the address says; what it does not say is the usual. */
export function useChosen(): Chosen {
  const query = useQuery();
  const [days, by, show] = [query.get("days"), query.get("by"), query.get("show")];
  return {
    days: days !== null && days in DAYS ? Number(days) : 7,
    by: (DIVISIONS[by ?? ""] ?? DIVISIONS.day)?.[0] ?? "DAY",
    show: show !== null && show in MEASURES ? show : "runs",
  };
}

/** Three choices; each is part of the address. */
export function Choices({ chosen }: { chosen: Chosen }) {
  const { days, by, show } = chosen;
  function choose(change: Record<string, string>): void {
    const words = { days: String(days), by: by.toLowerCase(), show, ...change };
    navigate(`numbers?${new URLSearchParams(words)}`, { replace: true });
  }
  const measures = Object.entries(MEASURES).map(([name, { label }]) => [name, label] as const);
  const divisions = Object.entries(DIVISIONS).map(([name, [, label]]) => [name, label] as const);
  return (
    <div className="choices">
      <Choice
        label="Time"
        value={String(days)}
        options={Object.entries(DAYS)}
        onChoose={(value) => choose({ days: value })}
      />
      <Choice
        label="Division"
        value={by.toLowerCase()}
        options={divisions}
        onChoose={(value) => choose({ by: value })}
      />
      <Choice
        label="Figure"
        value={show}
        options={measures}
        onChoose={(value) => choose({ show: value })}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: (readonly [string, string])[];
  onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <label>
      <span className="visually-hidden">{label}</span>
      <select className="input" value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
