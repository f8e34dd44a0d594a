import { chmod, open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";

/** How long a lock is waited for, in milliseconds. */
const BUSY_MS = 10_000;

/**
 * Copies a database as it is at one moment, while others write to it: readers hold up nobody in WAL mode.
 * @returns its version.
 */
export async function copyDatabase(from: string, to: string): Promise<number> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: BUSY_MS });
  try {
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
  await chmod(to, 0o600);
  const file = await open(to, "r+");
  await file.sync().finally(() => file.close());
  return checkDatabase(to);
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
    return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  } finally {
    database.close();
  }
}
