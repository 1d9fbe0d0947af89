import { useMemo } from "react";
import { Link } from "../../app/router";
import { useLoading } from "../../client/loading";
import { entriesOf } from "../../client/memories";
import type { RunRecord } from "../../client/runs";
import { nameOf, placeOf } from "../memory/words";
import { recalledIn } from "./recalled";

/** What the agent was given of its user's memory, with the way to each entry. */
export function RecalledCard({ records }: { records: RunRecord[] }) {
  const recalled = useMemo(() => recalledIn(records), [records]);
  const ids = recalled.map(({ id }) => id);
  const { value } = useLoading((signal) => known(ids, signal), [ids.join()]);
  if (recalled.length === 0) return null;
  return (
    <section className="card">
      <h2>What it was given of your memory</h2>
      <ul className="recalled">
        {recalled.map(({ id, score }) => (
          <li key={id}>
            {value && !value.has(id) ? (
              <span className="hint">An entry that is no longer here</span>
            ) : (
              <Link to={placeOf(id)} dir="auto">
                {value?.get(id) ?? id}
              </Link>
            )}
            {score !== undefined && <span className="hint"> score {score.toFixed(2)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The names of those that are still there. */
async function known(ids: string[], signal: AbortSignal): Promise<Map<string, string>> {
  const found = ids.length > 0 ? await entriesOf(ids, signal) : [];
  return new Map(found.map((entry) => [entry.id, nameOf(entry)]));
}
