// A run's records once more, at the pace of the run or faster.
import { useEffect, useMemo, useState } from "react";
import type { RunDetails, RunRecord } from "../../../client/runs";
import type { Pace } from "./pace";
import { paceOf, reached } from "./pace";

export const SPEEDS = [1, 2, 5, 20];

const DRAW_EVERY = 50; // milliseconds
const LONGEST_FRAME = 250; // of a tab that was in the background

export interface Replay {
  pace: Pace;
  /** How many records have come: all of them, unless somebody replays. */
  place: number;
  playing: boolean;
  speed: number;
  play: () => void;
  pause: () => void;
  go: (place: number) => void;
  setSpeed: (speed: number) => void;
}

export function useReplay(records: RunRecord[], details: RunDetails): Replay {
  const pace = useMemo(() => paceOf(records, details), [records, details]);
  const [chosen, setChosen] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const place = Math.min(chosen ?? records.length, records.length);

  useEffect(() => {
    if (!playing) return undefined;
    const end = pace.times.length;
    const from = pace.times[place - 1] ?? 0;
    return ticking(from, speed, (time) => {
      const next = reached(pace.times, time);
      setChosen(next < end ? next : null);
      if (next === end) setPlaying(false);
    });
  }, [playing, speed, pace]); // goes on from the place where it is now

  function go(next: number): void {
    setPlaying(false);
    setChosen(next < records.length ? Math.max(0, next) : null);
  }

  function play(): void {
    if (place >= records.length) setChosen(0);
    setPlaying(true);
  }

  return { pace, place, playing, speed, play, pause: () => setPlaying(false), go, setSpeed };
}

/** Calls `onTime` now and then while the time goes on, so many times as fast; returns how to end. */
function ticking(from: number, speed: number, onTime: (time: number) => void): () => void {
  let [time, before, drawn] = [from, performance.now(), 0];
  let frame = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(frame);

  function tick(now: number): void {
    frame = requestAnimationFrame(tick);
    time += speed * Math.min(Math.max(0, now - before), LONGEST_FRAME);
    before = now;
    if (now - drawn < DRAW_EVERY) return;
    drawn = now;
    onTime(time);
  }
}
