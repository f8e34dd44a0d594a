import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../open-database.ts";

const SCHEMA_VERSION = 1;

/** How long a lazy write may wait for a transaction of somebody else, in milliseconds. */
const LAZY_MILLISECONDS = 50;

const SCHEMA = `
CREATE TABLE assets (kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, properties TEXT NOT NULL, createdAt TEXT NOT NULL,
  PRIMARY KEY (kind, name, version)) WITHOUT ROWID;
CREATE TABLE computes (name TEXT PRIMARY KEY, resource TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, properties TEXT NOT NULL, state TEXT NOT NULL,
  open INTEGER NOT NULL);
CREATE INDEX openJobs ON jobs (position) WHERE open = 1;
`;

/**
 * The server's database: SQLite in WAL mode with `synchronous=FULL`. Writes of one event-loop turn share one
 * transaction, so that a burst of requests costs one sync. Reads on this connection see them at once.
 */
export class Journal {
  readonly database: DatabaseSync;
  #open = false;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  readonly #onLost: (error: unknown) => void;

  /**
   * @param onLost Told of changes that could not be stored and that nobody waits for; a restart mends those.
   * @throws {Error} when another server has the folder, or a newer release wrote it.
   */
  constructor(file: string, onLost: (error: unknown) => void) {
    this.#onLost = onLost;
    this.database = openDatabase(file, (database) => prepare(database, file));
  }

  /** Makes a change that the commit at the end of this turn carries. */
  write<T>(change: () => T): T {
    this.#begin();
    this.#immediate ??= setImmediate(() => this.#commit());
    return change();
  }

  /** Makes a change whose loss in a crash would be mended: it rides on the next commit, at the latest after 50 ms. */
  writeLazily<T>(change: () => T): T {
    this.#begin();
    this.#timer ??= setTimeout(() => this.#commit(), LAZY_MILLISECONDS);
    return change();
  }

  /** Resolves when everything written so far is on disk; rejects when it could not be stored. */
  durable(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#immediate ??= setImmediate(() => this.#commit());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Stores everything written so far before it returns. */
  flush(): void {
    if (this.#open) this.#commit();
  }

  get closed(): boolean {
    return !this.database.isOpen;
  }

  close(): void {
    this.flush();
    this.database.close();
  }

  #begin(): void {
    if (this.#open) return;
    this.database.exec("BEGIN IMMEDIATE");
    this.#open = true;
  }

  #commit(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    this.#open = false;
    const waiting = this.#waiting.splice(0);
    try {
      this.database.exec("COMMIT");
    } catch (error) {
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      for (const { reject } of waiting) reject(error);
      if (waiting.length === 0) this.#onLost(error);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }
}

function prepare(database: DatabaseSync, file: string): void {
  try {
    database.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE; COMMIT;");
  } catch (error) {
    if (!String(error).includes("locked")) throw error;
    throw new Error(`${file} is in use by another server: end that one, or give this one a state folder of its own`, { cause: error });
  }
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > SCHEMA_VERSION)
    throw new Error(`${file} was written by a newer release (schema ${version}); this one knows ${SCHEMA_VERSION}`);
  if (version === 0) database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version=${SCHEMA_VERSION}; COMMIT;`);
}
