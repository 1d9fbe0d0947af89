// What is remembered, in words. Pure.
import { to } from "../../app/router";
import type { MemoryEntry, Tier } from "../../client/memories";

interface TierWords {
  title: string;
  about: string;
  nothing: string;
}

export const TIER_WORDS: Record<Tier, TierWords> = {
  Core: {
    title: "Always known",
    about: "Given to agents before each answer.",
    nothing: "Nothing yet: your name, your language, what you prefer.",
  },
  Associative: {
    title: "Facts",
    about: "Those that have to do with what you ask are given to agents.",
    nothing: "None yet.",
  },
  Episodic: {
    title: "Earlier conversations",
    about: "What each thread began with. The latest three are given to agents, and those like what you ask.",
    nothing: "None yet.",
  },
  Proactive: {
    title: "Habits",
    about: "What you often do, which agents may suggest.",
    nothing: "None yet.",
  },
};

const WRITERS: Record<string, string> = {
  user: "Written by you",
  agent: "Noted by an agent",
  rules: "Taken from what you said",
};

/** Who wrote an entry; what the user has corrected still comes from a thread. */
export function writerOf({ origin: { extractor, threadId } }: MemoryEntry): string {
  if (extractor === "user" && threadId) return "Corrected by you";
  return WRITERS[extractor] ?? `Taken from what you said by ${extractor}`;
}

const LONGEST = 80; // characters

/** What names an entry elsewhere. */
export function nameOf({ readable, tier, key, text }: MemoryEntry): string {
  if (!readable) return "An entry that cannot be read";
  const name = tier === "Core" ? `${key}: ${text}` : text;
  return name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
}

/** The address of a message in its thread, which brings it into sight; of the thread without one. */
export function placeOfMessage(thread: string, message: string): string {
  const place = to("threads", thread);
  return message ? `${place}?message=${encodeURIComponent(message)}` : place;
}

/** The address of an entry, where its view shows it among the others. */
export function placeOf(id: string): string {
  return `memory?entry=${encodeURIComponent(id)}`;
}
