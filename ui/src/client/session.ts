// Who is asking. A bearer token is held in memory alone: it is gone with the tab, and in no URL.
import { Store } from "./store";

export interface Session {
  token: string | null;
  /** Why a token is needed; null while none is. */
  demanded: string | null;
}

export const session = new Store<Session>({ token: null, demanded: null });

export function signIn(token: string): void {
  session.set({ token, demanded: null });
}

export function signOut(): void {
  session.set({ token: null, demanded: null });
}

export function demandToken(reason: string): void {
  const { token, demanded } = session.get();
  if (!demanded) session.set({ token, demanded: reason });
}
