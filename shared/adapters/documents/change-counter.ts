/** How long a watcher who has just seen a change waits for others that follow it, in milliseconds: a run of short steps changes hundreds of times a second. */
const LULL_MS = 20;

/** Counts changes by run, so that a watcher which remembers a number can wait for the next one and miss none. */
export class ChangeCounter {
  readonly #pollMs: number | undefined;
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #lulls = new Map<string, Set<() => void>>();

  /** @param pollMs look at least this often, since other processes change runs as well; absent: they do not. */
  constructor(pollMs?: number) {
    this.#pollMs = pollMs;
  }

  of(runId: string): number {
    return this.#counts.get(runId) ?? 0;
  }

  /** @param urgent whoever waits for a lull is told at once. */
  count(runId: string, urgent = false): void {
    this.#counts.delete(runId); // re-inserted, so that the map stays in order of use
    this.#counts.set(runId, ++this.#total);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= 10_000) break;
      this.#counts.delete(oldest);
    }
    wakeAll(this.#waiting, runId);
    if (urgent) wakeAll(this.#lulls, runId);
  }
  /** One sequence for all runs: a count that was dropped and begins again is still another number. */
  #total = 0;

  changed(runId: string, seen: number, signal: AbortSignal): Promise<void> {
    if (this.of(runId) !== seen) return Promise.resolve();
    return wait(this.#waiting, runId, this.#pollMs, signal);
  }

  /** Resolves after 20 ms, or at once at an urgent change. */
  lull(runId: string, signal: AbortSignal): Promise<void> {
    return wait(this.#lulls, runId, LULL_MS, signal);
  }
}

type Waiting = Map<string, Set<() => void>>;

function wait(all: Waiting, runId: string, ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const waiting = all.get(runId) ?? new Set();
    all.set(runId, waiting);
    const timer = ms === undefined ? undefined : setTimeout(() => done(), ms);
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      waiting.delete(done);
      if (waiting.size === 0 && all.get(runId) === waiting) all.delete(runId);
      resolve();
    };
    waiting.add(done);
    signal.addEventListener("abort", done, { once: true });
  });
}

function wakeAll(all: Waiting, runId: string): void {
  const waiting = all.get(runId);
  all.delete(runId);
  for (const wake of waiting ?? []) wake();
}
