import { StateInUseError } from "../host/host.ts";
import { StartError } from "./start-error.ts";

/** Tells why a workspace did not start: what happened and what to do; a stack only for a fault of our own. @returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof StartError) console.error(`Penstock cannot start: ${error.message}.\n  To do: ${error.remedy}.`);
  else if (error instanceof StateInUseError) console.error(`Penstock cannot start: ${error.message}`);
  else if (isDiskFault(error))
    console.error(
      `Penstock cannot start: ${(error as Error).message}.\n  To do: make room on the disk of the state folder, or give it rights to be written.`,
    );
  else console.error("Penstock cannot start, and the fault is its own:", error);
  return 1;
}

/** SQLITE_FULL, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_IOERR, or the system's own words for them. */
function isDiskFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error && typeof error.errcode === "number") return [8, 10, 13, 14].includes(error.errcode & 0xff);
  return "code" in error && ["ENOSPC", "EROFS", "EACCES", "EDQUOT"].includes(String(error.code));
}
