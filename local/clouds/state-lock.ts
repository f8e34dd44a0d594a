import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "./open-database.ts";

/** How long one that is ending is waited for, in milliseconds. */
const PATIENCE_MS = 2_000;

/**
 * Takes a folder for this process alone, until it ends in whatever way: the lock is the operating system's, by way of SQLite.
 * @throws {Error} when another process has it.
 */
export function lockState(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const database = openDatabase(join(folder, "lock.db"), (opened) =>
      opened.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE;`),
    );
    return { release: () => database.close() };
  } catch (cause) {
    const isBusy = cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" && (cause.errcode & 0xff) === 5;
    if (!isBusy) throw cause;
    throw new Error(`the stand-ins of ${folder} run already; end them first`, { cause });
  }
}
