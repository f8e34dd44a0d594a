import type { Execution } from "./execution.ts";
import type { InstanceRow, RuntimeStatus } from "./storage.ts";
import type { HistoryEvent } from "./wire.ts";

/** An event on its way to an instance; `stored` is its number once it stands in the state. */
export interface Message {
  instance: number;
  /** The execution it is meant for; null: whichever runs. */
  execution: string | null;
  event: HistoryEvent;
  text: string;
  stored?: number;
}

/** An instance while it is in memory. */
export interface LoadedInstance {
  row: InstanceRow;
  execution: Execution;
  inbox: Message[];
  /** An episode runs. */
  busy: boolean;
  /** How long the last replay took, in milliseconds. */
  replayMs: number;
}

const FINISHED: ReadonlySet<RuntimeStatus> = new Set(["Completed", "Failed", "Terminated", "Canceled"]);

export function isFinished(status: RuntimeStatus): boolean {
  return FINISHED.has(status);
}
