import { useMemo } from "react";
import { isLive } from "../../client/endings";
import type { RunDetails, RunRecord } from "../../client/runs";
import { RecalledCard } from "./RecalledCard";
import { Records } from "./Records";
import { Steps } from "./Steps";
import { ReplayCard } from "./replay/ReplayCard";
import { useReplay } from "./replay/useReplay";

interface RunBodyProps {
  details: RunDetails;
  records: RunRecord[];
  at: string | null;
  onChoose: (cursor: string) => void;
}

/** What the run did and its records: all of it, or up to the moment that is replayed. */
export function RunBody({ details, records, at, onChoose }: RunBodyProps) {
  const replay = useReplay(records, details);
  const { place, playing } = replay;
  const shown = useMemo(() => records.slice(0, place), [records, place]);
  const isWhole = place === records.length;

  /** A record that is chosen while a moment is shown is the moment from then on. */
  function open(cursor: string): void {
    onChoose(cursor);
    if (!isWhole) replay.go(records.findIndex((each) => each.cursor === cursor) + 1);
  }

  return (
    <>
      {!isLive(details.status) && <ReplayCard replay={replay} records={records} />}
      <section className="card">
        <h2>What it did</h2>
        <Steps details={details} records={records} count={place} onOpen={open} />
        <p className="hint">In the order of the records; the time is that of the message.</p>
      </section>
      <RecalledCard records={shown} />
      <section className="card">
        <Records
          records={shown}
          at={isWhole || playing ? at : (shown.at(-1)?.cursor ?? null)}
          following={playing}
          onChoose={open}
        />
      </section>
    </>
  );
}
