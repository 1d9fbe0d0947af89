// A fork is a new thread that begins with messages of another; it is stored with its first run.
import { createContext, useContext } from "react";
import type { Message } from "@copilotkit/react-core/v2";

export interface Seed {
  thread: string;
  messages: Message[];
}

export const ForkContext = createContext<(messages: Message[]) => void>(() => undefined);

export function useFork(): (messages: Message[]) => void {
  return useContext(ForkContext);
}
