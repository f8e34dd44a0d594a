import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../ports/documents.ts";
import { CREATE_SYNCS, SYNC } from "./group-commit.ts";
import { toStoreError } from "./sqlite-error.ts";

/** Raised with every change of the tables; a file of a higher version is refused. */
const SCHEMA_VERSION = 1;
/** Marks the file as ours for file(1) and for whoever finds it: "PNST". */
const APPLICATION_ID = 0x504e5354;
/** Waiting blocks the event loop, so not long: only a backup or a forgotten process ever holds the lock. */
const BUSY_TIMEOUT_MS = 2000;
/** What the log may keep on disk between bursts. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

const SCHEMA = `
  CREATE TABLE documents (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    etag TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID`;

/**
 * Opens or creates the database at `file` (`:memory:` for one that nobody keeps). A commit outlives the process; `GroupCommit` waits for the disk.
 * After an end that was not clean the whole file is checked first.
 * @throws {StoreError} `corrupt`; `incompatible` when a newer release wrote it; `unavailable`; `busy`.
 */
export function openDatabase(file: string, busyTimeoutMs = BUSY_TIMEOUT_MS): DatabaseSync {
  if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const unclean = existsSync(`${file}-wal`);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: busyTimeoutMs });
    checkVersion(db, file);
    db.exec(`PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`);
    // fullfsync matters on macOS alone, where fsync does not reach the platter.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
    if (unclean) checkPages(db, file);
    if (readPragma(db, "user_version") === 0) createTables(db);
    db.exec(CREATE_SYNCS);
    // What a killed process left in the log is on the disk before anything is built on it; and a file that can only be read is told of now.
    db.exec(SYNC);
    return db;
  } catch (error) {
    db?.close();
    throw toStoreError(error, file);
  }
}

function checkVersion(db: DatabaseSync, file: string): void {
  const version = Number(readPragma(db, "user_version"));
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      "incompatible",
      `the database ${file} has format ${version} and this release knows up to ${SCHEMA_VERSION}; start the newer release that wrote it, or use another state folder`,
    );
  }
  if (version > 0 && readPragma(db, "application_id") !== APPLICATION_ID) {
    throw new StoreError("incompatible", `the database ${file} belongs to another program; use another state folder`);
  }
}

function checkPages(db: DatabaseSync, file: string): void {
  const verdict = readPragma(db, "quick_check(1)");
  if (verdict !== "ok") {
    throw new StoreError(
      "corrupt",
      `the database ${file} is damaged (${verdict}); restore a backup, or move it away, with the -wal and -shm beside it, to begin anew`,
    );
  }
}

function createTables(db: DatabaseSync): void {
  db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

function readPragma(db: DatabaseSync, pragma: string): unknown {
  const row = db.prepare(`PRAGMA ${pragma}`).get();
  return row && Object.values(row)[0];
}
