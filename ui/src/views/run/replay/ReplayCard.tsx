import type { RunRecord } from "../../../client/runs";
import { duration } from "../../../parts/times";
import { LONGEST_PAUSE } from "./pace";
import { Said } from "./Said";
import type { Replay } from "./useReplay";
import { SPEEDS } from "./useReplay";
import "./replay.css";

interface ReplayCardProps {
  replay: Replay;
  records: RunRecord[];
}

/** Plays the run again: what is below it shows the moment that is chosen here. */
export function ReplayCard({ replay, records }: ReplayCardProps) {
  const { pace, place, playing } = replay;
  const moment = `Record ${place} of ${records.length}`;
  const time = duration(pace.times[place - 1] ?? 0);
  return (
    <section className="card replay" aria-labelledby="replay">
      <div className="card-head">
        <h2 id="replay">Replay</h2>
        <Speed replay={replay} />
      </div>
      <div className="replay-controls">
        <button
          className="button primary"
          onClick={playing ? replay.pause : replay.play}
          aria-describedby="replay-pace"
        >
          {playing ? "Pause" : "Play"}
        </button>
        <button
          className="button"
          aria-disabled={place === 0} // `disabled` would lose the focus
          onClick={() => replay.go(place - 1)}
        >
          Step back
        </button>
        <button
          className="button"
          aria-disabled={place === records.length}
          onClick={() => replay.go(place + 1)}
        >
          Step
        </button>
        <input
          type="range"
          min={0}
          max={records.length}
          value={place}
          aria-label="Moment of the run"
          aria-valuetext={`${moment}, ${time}`}
          onChange={(event) => replay.go(Number(event.target.value))}
        />
        <span className="replay-moment">
          {moment} · {time}
        </span>
      </div>
      <p className="visually-hidden" role="status">
        {announced(replay, moment, place === records.length)}
      </p>
      <Said records={records} count={place} />
      <p className="hint" id="replay-pace">
        {paceInWords(pace.shortened)}
      </p>
    </section>
  );
}

function Speed({ replay }: { replay: Replay }) {
  return (
    <label>
      <span className="visually-hidden">Speed</span>
      <select
        className="input"
        value={replay.speed}
        onChange={(event) => replay.setSpeed(Number(event.target.value))}
      >
        {SPEEDS.map((each) => (
          <option key={each} value={each}>
            {each}×
          </option>
        ))}
      </select>
    </label>
  );
}

/** For a screen reader: not each record, but where it begins, stands and ends. */
function announced({ playing, speed }: Replay, moment: string, isEnd: boolean): string {
  if (playing) return `Playing at ${speed} times the speed`;
  return isEnd ? "The whole run is shown" : moment;
}

function paceInWords(shortened: number): string {
  const sources =
    "The log stores when a run began and ended, its first event, and how long each message took; between these the records are spread evenly.";
  const longest = `${LONGEST_PAUSE / 1000} s`;
  if (shortened === 0) return sources;
  const pauses = shortened === 1 ? "1 longer pause is" : `${shortened} longer pauses are`;
  return `${sources} ${pauses} shortened to ${longest}.`;
}
