import { useEffect, useState } from "react";
import { failure as failureOf } from "../../client/loading";
import type { MemoryEntry, MemoryPage, Tier } from "../../client/memories";
import { memoryOf } from "../../client/memories";
import type { RequestFailure } from "../../client/requests";
import { EntryItem } from "./EntryItem";
import { TIER_WORDS } from "./words";

interface TierCardProps {
  tier: Tier;
  latest: MemoryPage;
  /** The latest of all tiers. */
  entries: MemoryEntry[];
  /** The id of the entry that the address names. */
  wanted: string | null;
  /** With the id of an entry that is to be seen then. */
  onChanged: (entry?: string) => void;
  onFailure: (failure: RequestFailure) => void;
}

/** The entries of a tier, the latest first, a page at a time. */
export function TierCard(props: TierCardProps) {
  const { tier, latest, entries, wanted, onChanged, onFailure } = props;
  const [shown, setShown] = useState(latest);
  const { title, about, nothing } = TIER_WORDS[tier];
  const { nodes, pageInfo } = shown;
  useEffect(() => setShown(latest), [latest]);

  async function loadMore(): Promise<void> {
    try {
      const page = await memoryOf({ tier, after: pageInfo.endCursor });
      setShown({ nodes: [...nodes, ...page.nodes], pageInfo: page.pageInfo });
    } catch (error) {
      onFailure(failureOf(error));
    }
  }

  return (
    <section className="card" aria-label={title}>
      <div>
        <h2>{title}</h2>
        <p className="hint">{about}</p>
      </div>
      {nodes.length === 0 && <p className="hint">{nothing}</p>}
      <ul className="entries">
        {nodes.map((entry) => (
          <EntryItem
            key={entry.id}
            entry={entry}
            beside={entries.filter((each) => isBeside(entry, each))}
            isWanted={entry.id === wanted}
            onChanged={onChanged}
            onFailure={onFailure}
          />
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <button className="button" onClick={loadMore}>
          Older ones
        </button>
      )}
    </section>
  );
}

/** Whether both come from the same message. */
function isBeside(one: MemoryEntry, other: MemoryEntry): boolean {
  const { threadId, messageId } = one.origin;
  const isSame = other.origin.threadId === threadId && other.origin.messageId === messageId;
  return isSame && messageId !== "" && one.id !== other.id;
}
