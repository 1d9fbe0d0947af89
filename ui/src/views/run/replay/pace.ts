// When each record of a run came, as far as its log knows. Pure.
import type { RunDetails, RunRecord } from "../../../client/runs";

export interface Pace {
  /** Milliseconds since the first record, of each record, with long pauses shortened. */
  times: number[];
  /** How many pauses are shorter than they were. */
  shortened: number;
}

export const LONGEST_PAUSE = 2000; // milliseconds

/** The log stores a run's start and end, its first event and how long each message took; a record
 * may have a time of its own. The rest is spread evenly between these.
 */
export function paceOf(records: RunRecord[], details: RunDetails): Pace {
  const known = pausesOf(records, details);
  const { durationMilliseconds } = details.timing;
  const gaps = known.slice(1).filter((each) => each === undefined).length;
  const sum = known.reduce<number>((all, each) => all + (each ?? 0), 0);
  const spread = gaps ? Math.max(0, (durationMilliseconds ?? 0) - sum) / gaps : 0;
  const pauses = known.map((each) => each ?? spread);
  let time = 0;
  return {
    times: pauses.map((each) => (time += Math.min(each, LONGEST_PAUSE))),
    shortened: pauses.filter((each) => each > LONGEST_PAUSE).length,
  };
}

/** How many records have come until then. */
export function reached(times: number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of each record, what passed since the one before it; undefined where that is not known. */
function pausesOf(records: RunRecord[], details: RunDetails): (number | undefined)[] {
  const pauses = records.map(({ event }, place) => betweenTimestamps(records[place - 1]?.event, event));
  if (records.length) pauses[0] = 0;
  if (records.length > 1) pauses[1] ??= details.timing.firstEventMilliseconds ?? undefined;
  const places = placesOf(records);
  for (const { messageId, milliseconds } of details.messageFigures) {
    const [first, last] = places.get(messageId) ?? [0, 0];
    if (milliseconds === null || last <= first) continue;
    for (let place = first + 1; place <= last; place++) pauses[place] ??= milliseconds / (last - first);
  }
  return pauses;
}

function betweenTimestamps(
  before: RunRecord["event"] | undefined,
  event: RunRecord["event"],
): number | undefined {
  const [from, to] = [before?.timestamp, event.timestamp];
  return typeof from === "number" && typeof to === "number" ? Math.max(0, to - from) : undefined;
}

/** The first and the last record of each message. */
function placesOf(records: RunRecord[]): Map<string, [number, number]> {
  const places = new Map<string, [number, number]>();
  records.forEach(({ event: { messageId } }, place) => {
    if (typeof messageId !== "string") return;
    const found = places.get(messageId);
    if (found) found[1] = place;
    else places.set(messageId, [place, place]);
  });
  return places;
}
