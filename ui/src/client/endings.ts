// How runs end: an interrupt waits until the thread goes on. Pure.
import type { Operations } from "./operations";

type Run = Operations["StateThread"]["result"]["thread"] & object;
type Ending = Pick<Run["runs"][number], "status" | "continuedBy">;

/** Whether it waits for an answer. */
export function waits({ status, continuedBy }: Ending): boolean {
  return status === "Interrupted" && continuedBy === null;
}

/** Whether it goes on, or waits for a worker. */
export function isLive(status: Ending["status"]): boolean {
  return status === "Running" || status === "Queued";
}

/** Whether what is known of it may still change. */
export function isOpen(run: Ending): boolean {
  return isLive(run.status) || waits(run);
}

/** Its status in words. */
export function endingOf(run: Ending): string {
  if (run.status !== "Interrupted") return run.status;
  return waits(run) ? "Interrupted, waits for an answer" : "Interrupted, then continued";
}
