const LEVELS: Readonly<Record<string, number>> = { off: 0, normal: 1, full: 2, extra: 3 };
const FULL = 2;
/** Statements that write nothing by themselves. */
const IDLE = /^\s*(BEGIN|ROLLBACK|SELECT|PRAGMA|SAVEPOINT|RELEASE|$)/i;

/**
 * Tells, from the statements that a connection is given, how often SQLite waits for the disk: in WAL mode once for each transaction that is
 * ended at the level FULL, and for none below (https://sqlite.org/pragma.html#pragma_synchronous). Checkpoints come on top and are not seen.
 */
export class SyncLevel {
  /** SQLite's own default. */
  #level = FULL;

  /** @param inTransaction Before the first of the statements. @returns how many syncs they make. */
  syncsOf(sql: string, inTransaction: boolean): number {
    let open = inTransaction;
    let syncs = 0;
    for (const statement of sql.split(";")) {
      const level = /^\s*PRAGMA\s+synchronous\s*=\s*(\w+)/i.exec(statement)?.[1];
      if (level !== undefined) this.#level = LEVELS[level.toLowerCase()] ?? Number(level);
      if (/^\s*BEGIN\b/i.test(statement)) open = true;
      else if (/^\s*(COMMIT|END)\b/i.test(statement)) {
        if (open && this.#level >= FULL) syncs++;
        open = false;
      } else if (/^\s*ROLLBACK\b/i.test(statement)) open = false;
      else if (!open && !IDLE.test(statement) && this.#level >= FULL) syncs++;
    }
    return syncs;
  }
}
