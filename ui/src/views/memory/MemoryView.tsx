// What agents know of the caller, from all threads: read, corrected, deleted, taken along.
import { useState } from "react";
import { navigate, useQuery } from "../../app/router";
import { useLoading } from "../../client/loading";
import type { MemoryEntry, MemoryPage, Tier } from "../../client/memories";
import { TIERS, entriesOf, latestMemory } from "../../client/memories";
import type { RequestFailure } from "../../client/requests";
import { session } from "../../client/session";
import { useStore } from "../../client/store";
import { Banner, FailureBanner } from "../../parts/Banner";
import { Spinner } from "../../parts/Spinner";
import { AddEntry } from "./AddEntry";
import { Anonymous, NoMemory, Nothing, Sealed } from "./Instead";
import { EntryItem } from "./EntryItem";
import { MemoryTools } from "./MemoryTools";
import { TierCard } from "./TierCard";
import { placeOf } from "./words";
import "./memory.css";

/** What the view shows: the latest of each tier, and what its address names. */
interface Shown {
  tiers: Map<Tier, MemoryPage>;
  /** All that are loaded. */
  entries: MemoryEntry[];
  wanted: string | null;
  /** The wanted entry, where it is not among the latest; null where it is gone. */
  further: MemoryEntry | null | undefined;
}

export default function MemoryView() {
  const { token } = useStore(session);
  return <Remembered key={token} />; // nobody sees another's, not even while their own is loaded
}

function Remembered() {
  const wanted = useQuery().get("entry");
  const { value, failure, again } = useLoading((signal) => load(wanted, signal), [wanted]);
  const [failed, setFailed] = useState<RequestFailure>();
  const [adding, setAdding] = useState<boolean | null>(null);

  function changed(entry?: string): void {
    setFailed(undefined);
    navigate(entry === undefined ? "memory" : placeOf(entry), { replace: true });
    again();
  }

  if (failure?.code === "MEMORY_OFF") return <NoMemory />;
  if (failure?.code === "MEMORY_ANONYMOUS") return <Anonymous />;
  const isSealed = failure?.code === "MEMORY_UNREADABLE";
  const shown = isSealed ? undefined : value;
  const hasEntries = shown !== undefined && shown.entries.length > 0;
  return (
    <article className="page">
      <header className="page-header">
        <div className="card-head memory-head">
          <h1>Memory</h1>
          <MemoryTools
            hasEntries={hasEntries}
            isSealed={isSealed}
            adding={adding}
            onAdd={() => setAdding(true)}
            onForgotten={() => changed()}
            onFailure={setFailed}
          />
        </div>
        <p>
          What the agents here know of you, from all your threads. Nobody else is shown it. What you
          say is looked at once its thread has been quiet for a while.
        </p>
      </header>
      <FailureBanner failure={failure} onRetry={again} />
      {isSealed && <Sealed />}
      <FailureBanner failure={failed} onDismiss={() => setFailed(undefined)} />
      {adding && <AddEntry onAdded={changed} onClose={() => setAdding(false)} />}
      {!value && !failure && <Spinner label="Loading what is remembered" />}
      {shown && !hasEntries && <Nothing />}
      {hasEntries && <Entries shown={shown} onChanged={changed} onFailure={setFailed} />}
    </article>
  );
}

interface EntriesProps {
  shown: Shown;
  onChanged: (entry?: string) => void;
  onFailure: (failure: RequestFailure) => void;
}

function Entries({ shown: { tiers, entries, wanted, further }, ...rest }: EntriesProps) {
  return (
    <>
      {further === null && (
        <Banner tone="warning" title="This entry is no longer here">
          It was deleted, or something newer has taken its place.
        </Banner>
      )}
      {further && (
        <ul className="card entries">
          <EntryItem entry={further} beside={[]} isWanted {...rest} />
        </ul>
      )}
      {TIERS.map((tier) => {
        const latest = tiers.get(tier);
        return latest && <TierCard key={tier} {...{ tier, latest, entries, wanted }} {...rest} />;
      })}
    </>
  );
}

async function load(wanted: string | null, signal: AbortSignal): Promise<Shown> {
  const tiers = await latestMemory(signal);
  const entries = [...tiers.values()].flatMap(({ nodes }) => nodes);
  const isFurther = wanted !== null && !entries.some(({ id }) => id === wanted);
  const further = isFurther ? ((await entriesOf([wanted], signal))[0] ?? null) : undefined;
  return { tiers, entries, wanted, further };
}
