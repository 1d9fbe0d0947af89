// What blocks hold, as the server has validated it.
export type Scalar = string | number | boolean | null;
export type Row = Record<string, Scalar>;

export interface ChartContent {
  chartType: string;
  title?: string;
  description?: string;
  data: Row[];
  config: Record<string, { label?: string; color?: string }>;
  xKey?: string;
}

export interface TableContent {
  title?: string;
  headers: string[];
  rows: Scalar[][];
}

export interface TimelineContent {
  title?: string;
  entries: {
    id: string;
    date: string | number;
    title: string;
    description?: string;
    status?: string;
  }[];
}

export interface EntityContent {
  kind: string;
  id: string;
  data: Record<string, unknown>;
}

/** A block that is not there: it is being written, or was refused. */
export interface Unfinished {
  status: "building" | "refused";
  reason?: string;
}

export function isUnfinished(content: object): content is Unfinished {
  return "status" in content && Object.keys(content).every((key) => key === "status" || key === "reason");
}

const COLOURS = [
  "#2563eb",
  "#0b8a6b",
  "#d97706",
  "#a21caf",
  "#dc2626",
  "#0891b2",
  "#65a30d",
  "#7c3aed",
  "#db2777",
  "#0f766e",
  "#b45309",
  "#475569",
];

/** A colour of a series: its own, `chart-3` of the palette, or the next of the palette. */
export function colourOf(given: string | undefined, index: number): string {
  const named = /^chart-(\d+)$/.exec(given ?? "");
  if (named) return COLOURS[(Number(named[1]) - 1) % COLOURS.length]!;
  return given ?? COLOURS[index % COLOURS.length]!;
}

export function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The address in a text, if it is one that may be followed: https, or of this server. */
export function addressIn(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^(https:\/\/|\/(?![/\\]))\S+$/i.test(value)) return undefined;
  try {
    const address = new URL(value, window.location.origin);
    const safe = address.protocol === "https:" || address.origin === window.location.origin;
    return safe ? address.href : undefined;
  } catch {
    return undefined;
  }
}
