import { StateInUseError } from "../host/host.ts";
import { StartError } from "./start-error.ts";

/** Tells why a workspace did not start: what happened and what to do; a stack only for a fault of our own. @returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof StartError) console.error(`Penstock cannot start: ${error.message}.\n  To do: ${error.remedy}.`);
  else if (error instanceof StateInUseError) console.error(`Penstock cannot start: ${error.message}`);
  else console.error("Penstock cannot start, and the fault is its own:", error);
  return 1;
}
