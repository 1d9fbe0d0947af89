// Ids where there is little room.

const LONGEST = 12;

/** An id as people tell it from others: its beginning and its end. */
export function shortId(id: string): string {
  return id.length > LONGEST ? `${id.slice(0, 6)}…${id.slice(-4)}` : id;
}
