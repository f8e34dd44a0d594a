import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../ports/documents.ts";
import type { Log } from "../../ports/log.ts";
import { toStoreError } from "./sqlite-error.ts";

/**
 * How long after a lost transaction `durable` and writes are refused. A write whose promise had resolved may be among the lost, and who made it
 * asks `durable` later: it must not hear yes. Well above the time from a request's first write to its answer.
 */
export const REFUSE_AFTER_LOSS_MS = 15_000;

/** How long what nobody waits for may stay off the disk, in milliseconds. */
const LAZY_SYNC_MS = 250;

/** Makes what a sync writes, so that there is something to wait for. To be run once on every database. */
export const CREATE_SYNCS = `
  CREATE TABLE IF NOT EXISTS syncs (n INTEGER NOT NULL) STRICT;
  INSERT INTO syncs SELECT 0 WHERE NOT EXISTS (SELECT * FROM syncs)`;

/** Waits for the disk. The sync of a commit covers all that the log held before it; the level cannot be changed inside a transaction. */
export const SYNC = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; UPDATE syncs SET n = n + 1; COMMIT; PRAGMA synchronous = NORMAL";

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Many writes, one sync: writes run at once inside an open transaction, where this connection sees them, and it is committed in a later
 * turn of the event loop. A commit is in order and outlives the process, but not a loss of power; the disk is waited for where somebody asks
 * (`durable`), once for all that was written before. So 32 requests that write in the same turn cost one fsync, and a write that nobody waits
 * for costs a share of the next one.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #now: () => number;
  readonly #log: Pick<Log, "error">;
  readonly #onUndone: () => void;
  #open = false;
  #unsynced = false;
  #lazy: NodeJS.Timeout | undefined;
  #waiters: Waiter[] = [];
  #lost: { error: unknown; until: number } | undefined;

  /** @param options `onUndone`: called when writes that may have been read already are no longer there. */
  constructor(db: DatabaseSync, options: { file: string; now: () => number; log: Pick<Log, "error">; onUndone?: () => void }) {
    this.#db = db;
    this.#file = options.file;
    this.#now = options.now;
    this.#log = options.log;
    this.#onUndone = options.onUndone ?? (() => undefined);
  }

  /**
   * Runs one statement in the open transaction.
   * @throws {StoreError} when SQLite failed: every write since the last commit is then undone, and waiters of `durable` are told.
   */
  write<T>(statement: () => T): T {
    this.#refuseAfterLoss();
    try {
      this.#begin();
      return statement();
    } catch (error) {
      throw this.#lose(error);
    }
  }

  /** Resolves once all that was written so far is on disk. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuseAfterLoss();
      if (!this.#open && !this.#unsynced) return resolve();
      this.#waiters.push({ resolve, reject });
      if (!this.#open && this.#waiters.length === 1) setImmediate(() => this.#turn());
    });
  }

  /** Commits what is open and waits for the disk, now. */
  flush(): void {
    clearTimeout(this.#lazy);
    this.#lazy = undefined;
    if (!this.#commit()) return;
    try {
      this.#sync();
    } catch (error) {
      this.#rollBack();
      this.#refuse(toStoreError(error, this.#file), "writes are not on the disk");
      return;
    }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  #turn(): void {
    if (this.#waiters.length > 0) this.flush();
    else if (this.#commit() && this.#unsynced) this.#lazy ??= setTimeout(() => this.flush(), LAZY_SYNC_MS).unref();
  }

  #commit(): boolean {
    if (!this.#open) return true;
    try {
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#lose(error);
      return false;
    }
    this.#open = false;
    this.#unsynced = true;
    return true;
  }

  #sync(): void {
    if (!this.#unsynced) return;
    this.#db.exec(SYNC);
    this.#unsynced = false;
  }

  #begin(): void {
    if (this.#open) return;
    this.#db.exec("BEGIN IMMEDIATE");
    this.#open = true;
    setImmediate(() => this.#turn());
  }

  #refuseAfterLoss(): void {
    if (!this.#lost) return;
    if (this.#now() < this.#lost.until) throw this.#lost.error;
    if (this.#begunAnew()) this.#lost = undefined;
    else {
      this.#lost.until = this.#now() + REFUSE_AFTER_LOSS_MS;
      throw this.#lost.error;
    }
  }

  /** Undoes the transaction, so that nobody reads what will not be there after a restart. */
  #lose(cause: unknown): unknown {
    const error = toStoreError(cause, this.#file);
    if (!this.#open) return error;
    this.#open = false;
    this.#rollBack();
    this.#refuse(error, "writes that were not yet durable were undone");
    return error;
  }

  #refuse(error: unknown, what: string): void {
    this.#log.error(what, { file: this.#file, cause: String(error) });
    const told = error instanceof StoreError ? error : new StoreError("unavailable", `the database ${this.#file} failed`, { cause: error });
    this.#lost = { error: told, until: this.#now() + REFUSE_AFTER_LOSS_MS };
    for (const waiter of this.#waiters.splice(0)) waiter.reject(told);
  }

  /** A sync that failed may have left a hole in the log, behind which all that came later would be lost with the power: it is carried over. */
  #begunAnew(): boolean {
    try {
      return this.#db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
    } catch {
      return false;
    }
  }

  #rollBack(): void {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // SQLite undid it by itself, as it does when the disk is full (https://sqlite.org/lang_transaction.html, "Response to errors").
    }
    this.#onUndone();
  }
}
