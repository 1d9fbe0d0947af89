import { useCallback, useEffect, useState } from "react";
import { connection } from "./fetching";
import { AWAY, RequestFailure } from "./requests";
import { session } from "./session";
import { useStore } from "./store";

export interface Loading<T> {
  /** The newest value; that of before, while it is loaded again. */
  value: T | undefined;
  failure: RequestFailure | undefined;
  loading: boolean;
  again: () => void;
}

/** Loads when the component appears, when `keys` change, and when somebody signs in. */
export function useLoading<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
): Loading<T> {
  const [state, setState] = useState<Omit<Loading<T>, "again">>({
    value: undefined,
    failure: undefined,
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const { token } = useStore(session);
  useEffect(() => {
    const ending = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(ending.signal).then(
      (value) => !ending.signal.aborted && setState({ value, failure: undefined, loading: false }),
      (error) => {
        if (ending.signal.aborted) return;
        setState((before) => ({ ...before, failure: failure(error), loading: false }));
      },
    );
    return () => ending.abort();
    // `load` is made anew with each drawing; what it depends on is in `keys`.
  }, [...keys, turn, token]);
  const { reachable } = useStore(connection);
  const isCut = state.failure?.code === AWAY;
  useEffect(() => {
    if (reachable && isCut) setTurn((before) => before + 1);
  }, [reachable, isCut]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { ...state, again };
}

export function failure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  return new RequestFailure(error instanceof Error ? error.message : String(error), 0, "ERROR", null);
}
