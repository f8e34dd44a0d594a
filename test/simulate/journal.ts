/**
 * What a disk does to a file that is written in transactions: all of them are seen at once, and a crash keeps those that were synced and
 * some of the others, from the oldest on without a gap. Each write brings along how to undo it.
 */
export class Journal {
  #open: (() => void)[] | undefined;
  #unsynced: (() => void)[][] = [];
  /** Transactions that were committed, ever. */
  committed = 0;

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  begin(): void {
    if (this.#open) throw new Error("a transaction is open already");
    this.#open = [];
  }

  /** To be called with each write. */
  write(undo: () => void): void {
    if (!this.#open) throw new Error("a write outside of a transaction");
    this.#open.push(undo);
  }

  commit(): void {
    if (!this.#open) throw new Error("there is no transaction to commit");
    if (this.#open.length > 0) this.#unsynced.push(this.#open);
    this.#open = undefined;
    this.committed++;
  }

  /** How many transactions a crash might still lose. */
  get atRisk(): number {
    return this.#unsynced.length;
  }

  /** Everything committed is safe; with a number, the oldest so many. */
  sync(count = this.#unsynced.length): void {
    this.#unsynced.splice(0, count);
  }

  rollback(): void {
    undoAll(this.#open ?? []);
    this.#open = undefined;
  }

  /** The process ends, and of what was not synced the oldest `kept` transactions remain. */
  crash(kept: number): void {
    this.rollback();
    while (this.#unsynced.length > kept) undoAll(this.#unsynced.pop() ?? []);
    this.#unsynced = [];
  }
}

function undoAll(writes: (() => void)[]): void {
  for (const undo of writes.reverse()) undo();
}
