import { chmod, open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../sdk/user-error.ts";
import { DATABASE_VERSION } from "./backup-format.ts";
import { damagedDatabase, databaseError } from "./database-error.ts";

/** How long a lock is waited for, in milliseconds. */
const BUSY_MS = 10_000;

/**
 * Copies a database as it is at one moment, while others write to it: readers hold up nobody in WAL mode.
 * @param folder what the copy becomes a part of, for messages.
 * @returns its version.
 * @throws {UserError} it is damaged, held by another, or of a newer release; the copy finds no room.
 */
export async function copyDatabase(from: string, to: string, folder: string): Promise<number> {
  try {
    vacuumInto(from, to);
  } catch (error) {
    throw databaseError(error, from, folder);
  }
  await chmod(to, 0o600);
  const file = await open(to, "r+");
  await file.sync().finally(() => file.close());
  try {
    return checkDatabase(to);
  } catch (error) {
    throw damagedDatabase(from, `its copy does not stand the check (${error instanceof Error ? error.message : error})`, error);
  }
}

function vacuumInto(from: string, to: string): void {
  const source = new DatabaseSync(from, { readOnly: true, timeout: BUSY_MS });
  try {
    const version = versionOf(source);
    if (version > DATABASE_VERSION)
      throw new UserError(
        "conflict",
        `the database ${from} was written by a newer Penstock (it has format ${version}, this release knows up to ${DATABASE_VERSION})`,
        { remedy: "update Penstock, then take the backup" },
      );
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/**
 * Looks at every page and index of a database that nobody uses.
 * @returns its version.
 * @throws {Error} that says what is wrong.
 */
export function checkDatabase(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const verdict = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (verdict !== "ok") throw new Error(`${file} is damaged: ${String(verdict)}`);
    return versionOf(database);
  } finally {
    database.close();
  }
}
