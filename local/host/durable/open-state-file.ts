import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StateError } from "../state-error.ts";
import { SCHEMA, SCHEMA_VERSION } from "./sqlite-schema.ts";

/** Opens the file, or makes it, and holds it exclusively. @throws {StateError} see `openSqliteStorage`. */
export function openStateFile(path: string): DatabaseSync {
  const unclean = existsSync(`${path}-wal`);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    db.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000",
    );
    // The lock is only taken by the first write.
    db.exec("BEGIN IMMEDIATE; COMMIT");
    prepareSchema(db, path);
    if (unclean) checkPages(db);
    return db;
  } catch (error) {
    db?.close();
    throw readable(error, path);
  }
}

function prepareSchema(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version > SCHEMA_VERSION)
    throw new StateError(
      `the durable state ${path} is of version ${version}; this program knows versions up to ${SCHEMA_VERSION}. Update the program, or start it with another state folder`,
    );
  if (version === SCHEMA_VERSION) return;
  db.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

/** After an end that was not clean. @throws {Error} what SQLite says of the first page that is wrong. */
function checkPages(db: DatabaseSync): void {
  const verdict = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (verdict !== "ok") throw new Error(`malformed: ${String(verdict)}`);
}

/** What SQLite threw as a {@link StateError} that names the file and the way out; anything else comes back as it is. */
export function readable(error: unknown, path: string): unknown {
  const text = error instanceof Error ? error.message : String(error);
  const say = (what: string) => new StateError(`the durable state ${path} ${what}`, { cause: error });
  if (/locked|busy/i.test(text)) return say("is in use by another host. Stop that one, or start with another state folder");
  if (/not a database|malformed/i.test(text))
    return say(
      `is damaged (${text}). Move it away, with the -wal beside it: it is made anew, and what had not ended is begun again from the app's own store`,
    );
  if (/unable to open/i.test(text)) return say(`cannot be opened (${text}). Check that its folder exists and may be written to`);
  if (/readonly/i.test(text)) return say("cannot be written to. Give this user write access to the file and its folder");
  return error;
}
