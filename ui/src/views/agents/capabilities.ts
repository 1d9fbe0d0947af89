// What an agent states of itself, in the words of the page. Pure; anything stated may be odd.

export interface StatedTool {
  name: string;
  description: string;
  parameters: unknown;
}

export interface Ability {
  title: string;
  facts: [string, string][];
}

/** The tools that the agent brings. */
export function toolsOf(capabilities: unknown): StatedTool[] {
  const { items } = object(object(capabilities).tools);
  if (!Array.isArray(items)) return [];
  return items.map(object).map(({ name, description, parameters }) => ({
    name: text(name) || "(without a name)",
    description: text(description),
    parameters,
  }));
}

/** All else that is stated, section by section. */
export function abilitiesOf(capabilities: unknown): Ability[] {
  return Object.entries(object(capabilities))
    .map(([name, stated]) => ({ title: words(name), facts: factsOf(name, stated) }))
    .filter(({ facts }) => facts.length > 0);
}

function factsOf(section: string, stated: unknown): [string, string][] {
  if (stated === null || stated === undefined) return [];
  if (typeof stated !== "object" || Array.isArray(stated)) return [["Stated", shown(stated)]];
  return Object.entries(stated)
    .filter(([name, value]) => value !== null && !(section === "tools" && name === "items"))
    .map(([name, value]) => [words(name), shown(value)]);
}

function shown(value: unknown): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `humanInTheLoop` as `Human in the loop`. */
function words(name: string): string {
  const apart = name.replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
  return apart.charAt(0).toUpperCase() + apart.slice(1);
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
