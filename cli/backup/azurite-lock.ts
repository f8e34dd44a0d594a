import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../sdk/user-error.ts";
import { isBusy } from "./database-error.ts";

/** Below Azurite's folder: its process holds this file's lock for as long as it lives. */
export const AZURITE_LOCK = "azurite/lock.db";

/**
 * Keeps Azurite from writing to a state folder, and from starting there, until it is given back. It may outlive the workspace that started it by a moment,
 * which the workspace's process id does not tell.
 * @returns what gives it back.
 * @throws {UserError} Azurite runs.
 */
export function lockAzurite(stateFolder: string): () => void {
  const file = join(stateFolder, AZURITE_LOCK);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return () => undefined; // it never ran here
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE");
    return () => lock.close();
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw cause;
    throw azuriteRuns("Azurite still runs on its files", cause);
  }
}

export function azuriteRuns(what: string, cause?: unknown): UserError {
  return new UserError("conflict", `the workspace keeps its blobs in Azurite, and ${what}, which cannot be copied meanwhile`, {
    remedy: "stop the workspace (a killed one's Azurite ends by itself within seconds), back it up, and start it again",
    cause,
  });
}
