// The values in a text of JSON, without loss, and where two of them differ. Pure.

/** A number that JavaScript would write in another way than it stands in the text. */
export class ExactNumber {
  constructor(readonly source: string) {}
}

export type Value = null | boolean | number | string | ExactNumber | Value[] | { [name: string]: Value };

type Reviver = (name: string, value: Value, context?: { source?: string }) => Value;

/** The value; raises SyntaxError. */
export function parsed(text: string): Value {
  const exact: Reviver = (_, value, context) => {
    const source = context?.source; // browsers before 2025 do not tell it
    if (typeof value !== "number" || source === undefined || source === String(value)) return value;
    return new ExactNumber(source);
  };
  return JSON.parse(text, exact as (name: string, value: unknown) => unknown);
}

/** Lists and objects by their names; null for what has no parts. */
export function partsOf(value: Value): [string, Value][] | null {
  if (typeof value !== "object" || value === null || value instanceof ExactNumber) return null;
  return Object.entries(value);
}

/** As it stands in JSON. */
export function written(value: Value): string {
  const parts = partsOf(value);
  if (value instanceof ExactNumber) return value.source;
  if (parts === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  return `{${parts.map(([name, part]) => `${JSON.stringify(name)}: ${written(part)}`).join(", ")}}`;
}

/** The text of a value for people, a part on each line. */
export function indented(value: Value, margin = ""): string {
  const parts = partsOf(value);
  if (!parts || parts.length === 0) return written(value);
  const inner = `${margin}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const lines = parts.map(([name, part]) => {
    const lead = Array.isArray(value) ? "" : `${JSON.stringify(name)}: `;
    return `${inner}${lead}${indented(part, inner)}`;
  });
  return `${open}\n${lines.join(",\n")}\n${margin}${close}`;
}

export interface Difference {
  path: string;
  one: Value | undefined;
  other: Value | undefined;
}

/** Every place at which the two differ. */
export function differences(one?: Value, other?: Value, path = ""): Difference[] {
  const [parts, others] = [one, other].map((each) => (each === undefined ? null : partsOf(each)));
  if (!parts || !others || Array.isArray(one) !== Array.isArray(other)) {
    const same = one !== undefined && other !== undefined && written(one) === written(other);
    return same ? [] : [{ path: path || "/", one, other }];
  }
  const [known, met] = [new Map(parts), new Map(others)];
  return [...new Set([...known.keys(), ...met.keys()])].flatMap((name) =>
    differences(known.get(name), met.get(name), `${path}/${name}`),
  );
}
