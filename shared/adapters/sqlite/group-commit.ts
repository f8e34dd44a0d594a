import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../ports/documents.ts";
import type { Log } from "../../ports/log.ts";
import { toStoreError } from "./sqlite-error.ts";

/**
 * How long after a lost transaction `durable` and writes are refused. A write whose promise had resolved may be among the lost, and who made it
 * asks `durable` later: it must not hear yes. Well above the time from a request's first write to its answer.
 */
export const REFUSE_AFTER_LOSS_MS = 15_000;

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Many writes, one sync: writes run at once inside an open transaction, where this connection sees them, and it is committed in a later
 * turn of the event loop. So 32 requests that write in the same turn cost one fsync.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #now: () => number;
  readonly #log: Pick<Log, "error">;
  #open = false;
  #waiters: Waiter[] = [];
  #lost: { error: unknown; until: number } | undefined;

  constructor(db: DatabaseSync, options: { file: string; now: () => number; log: Pick<Log, "error"> }) {
    this.#db = db;
    this.#file = options.file;
    this.#now = options.now;
    this.#log = options.log;
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
      if (this.#open) this.#waiters.push({ resolve, reject });
      else resolve();
    });
  }

  /** Commits what is open, now. */
  flush(): void {
    if (!this.#open) return;
    try {
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#lose(error);
      return;
    }
    this.#open = false;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  #begin(): void {
    if (this.#open) return;
    this.#db.exec("BEGIN IMMEDIATE");
    this.#open = true;
    setImmediate(() => this.flush());
  }

  #refuseAfterLoss(): void {
    if (!this.#lost) return;
    if (this.#now() < this.#lost.until) throw this.#lost.error;
    this.#lost = undefined;
  }

  /** Undoes the transaction, so that nobody reads what will not be there after a restart. */
  #lose(cause: unknown): unknown {
    const error = toStoreError(cause, this.#file);
    if (!this.#open) return error;
    this.#open = false;
    this.#rollBack();
    this.#log.error("writes that were not yet durable were undone", { file: this.#file, cause: String(error) });
    const told = error instanceof StoreError ? error : new StoreError("unavailable", `the database ${this.#file} failed`, { cause });
    this.#lost = { error: told, until: this.#now() + REFUSE_AFTER_LOSS_MS };
    for (const waiter of this.#waiters.splice(0)) waiter.reject(told);
    return error;
  }

  #rollBack(): void {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // SQLite undid it by itself, as it does when the disk is full (https://sqlite.org/lang_transaction.html, "Response to errors").
    }
  }
}
