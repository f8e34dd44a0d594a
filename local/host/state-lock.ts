import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StateError } from "./state-error.ts";

/** Another host works on the state folder. */
export class StateInUseError extends Error {
  override name = "StateInUseError";
  readonly stateFolder: string;
  /** Of the other host, where known. */
  readonly pid: number | undefined;

  constructor(stateFolder: string, pid: number | undefined, options?: ErrorOptions) {
    super(
      `The state folder ${stateFolder} is in use by another host${pid === undefined ? "" : ` (process ${pid})`}; stop that one, or choose another folder`,
      options,
    );
    this.stateFolder = stateFolder;
    this.pid = pid;
  }
}

/** Locks that are held: one that nobody refers to would be collected, closed, and thereby given back. */
const held = new Set<DatabaseSync>();

/**
 * Takes a state folder for this host alone, making it if need be. The lock is the operating system's, on an otherwise empty
 * SQLite file, so that a killed host leaves none behind; a file with the process id beside it serves the error message.
 * @returns what gives it back.
 * @throws {StateInUseError | StateError}
 */
export function lockStateFolder(stateFolder: string): () => void {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const pidFile = join(stateFolder, "host.pid");
  const lock = new DatabaseSync(join(stateFolder, "host.lock"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if (!isBusy(cause))
      throw new StateError(
        `the lock ${join(stateFolder, "host.lock")} cannot be taken: ${cause instanceof Error ? cause.message : String(cause)}. Make room on its disk, and give this user write access to it`,
        { cause },
      );
    throw new StateInUseError(stateFolder, readPid(pidFile), { cause });
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  held.add(lock);
  return () => {
    held.delete(lock);
    lock.close();
  };
}

/** SQLITE_BUSY, in any of its extended forms. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === 5;
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
