import { useState } from "react";
import { useLoading } from "../../client/loading";
import { memoryOf } from "../../client/memories";
import { Confirm } from "../../parts/Dialog";

interface DeleteThreadProps {
  id: string;
  name: string;
  /** Whether what was remembered from it goes as well. */
  onConfirm: (withMemory: boolean) => void;
  onClose: () => void;
}

export function DeleteThread({ id, name, onConfirm, onClose }: DeleteThreadProps) {
  const { value: remembered } = useLoading((signal) => countOf(id, signal), [id]);
  const [withMemory, setWithMemory] = useState(false);
  return (
    <Confirm
      title="Delete this thread?"
      text={`“${name}” goes with all that was said and done in it. This cannot be undone.`}
      action="Delete"
      onConfirm={() => onConfirm(withMemory)}
      onClose={onClose}
    >
      {remembered && (
        <label className="check">
          <input
            type="checkbox"
            checked={withMemory}
            onChange={(event) => setWithMemory(event.target.checked)}
          />
          Also delete what was remembered from it ({remembered})
        </label>
      )}
    </Confirm>
  );
}

/** How much was remembered from the thread, in words; null for nothing. */
async function countOf(threadId: string, signal: AbortSignal): Promise<string | null> {
  const { nodes, pageInfo } = await memoryOf({ threadId }, signal);
  if (pageInfo.hasNextPage) return `more than ${nodes.length} entries`;
  return nodes.length > 0 ? `${nodes.length} ${nodes.length === 1 ? "entry" : "entries"}` : null;
}
