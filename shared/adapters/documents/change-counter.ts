/** Counts changes by run, so that a watcher which remembers a number can wait for the next one and miss none. */
export class ChangeCounter {
  readonly #pollMs: number | undefined;
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @param pollMs look at least this often, since other processes change runs as well; absent: they do not. */
  constructor(pollMs?: number) {
    this.#pollMs = pollMs;
  }

  of(runId: string): number {
    return this.#counts.get(runId) ?? 0;
  }

  count(runId: string): void {
    this.#counts.delete(runId); // re-inserted, so that the map stays in order of use
    this.#counts.set(runId, ++this.#total);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= 10_000) break;
      this.#counts.delete(oldest);
    }
    const waiting = this.#waiting.get(runId);
    if (!waiting) return;
    this.#waiting.delete(runId);
    for (const wake of waiting) wake();
  }
  /** One sequence for all runs: a count that was dropped and begins again is still another number. */
  #total = 0;

  changed(runId: string, seen: number, signal: AbortSignal): Promise<void> {
    if (this.of(runId) !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(runId) ?? new Set();
      this.#waiting.set(runId, waiting);
      const timer = this.#pollMs === undefined ? undefined : setTimeout(() => done(), this.#pollMs);
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(runId) === waiting) this.#waiting.delete(runId);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
