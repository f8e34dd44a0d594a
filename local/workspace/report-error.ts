import { StateError, StateInUseError } from "../host/host.ts";
import { StartError } from "./start-error.ts";

/** Tells why a workspace did not start: what happened and what to do; a stack only for a fault of our own. @returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof StartError) console.error(`Penstock cannot start: ${error.message}.\n  To do: ${error.remedy}.`);
  else if (error instanceof StateInUseError || error instanceof StateError) console.error(`Penstock cannot start: ${error.message}.`);
  else reportCause(error);
  return 1;
}

/** What the app says comes wrapped by the host that loaded it. */
function reportCause(error: unknown): void {
  const store = causeOf(error, isStoreError);
  const disk = causeOf(error, isDiskFault);
  if (store) console.error(`Penstock cannot start: ${store.message}.`);
  else if (disk)
    console.error(
      `Penstock cannot start: ${disk.message}.\n  To do: make room on the disk of the state folder, or give this user the right to write there.`,
    );
  else console.error("Penstock cannot start, and the fault is its own:", error);
}

function causeOf(error: unknown, is: (error: Error) => boolean): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  return is(error) ? error : causeOf(error.cause, is);
}

/** Its class is the app's own: it is known by name. */
function isStoreError(error: Error): boolean {
  return error.name === "StoreError";
}

/** SQLITE_FULL, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_IOERR, or the system's own words for them. */
function isDiskFault(error: Error): boolean {
  if ("errcode" in error && typeof error.errcode === "number") return [8, 10, 13, 14].includes(error.errcode & 0xff);
  return "code" in error && ["ENOSPC", "EROFS", "EACCES", "EPERM", "EDQUOT"].includes(String(error.code));
}
