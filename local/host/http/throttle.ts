/**
 * Holds HTTP to `maxConcurrentRequests` (the rest wait, before their bodies are read) and `maxOutstandingRequests` (waiting and running
 * together; the rest get 429) of host.json. Undefined is no limit.
 */
export class Throttle {
  readonly #concurrent: number;
  readonly #outstanding: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { maxConcurrentRequests?: number | undefined; maxOutstandingRequests?: number | undefined }) {
    this.#concurrent = limits.maxConcurrentRequests ?? Number.POSITIVE_INFINITY;
    this.#outstanding = limits.maxOutstandingRequests ?? Number.POSITIVE_INFINITY;
  }

  /** Whether host.json sets a limit at all. */
  get isOn(): boolean {
    return Number.isFinite(this.#concurrent) || Number.isFinite(this.#outstanding);
  }

  /** Whether one more request may not come in. */
  get full(): boolean {
    return this.#running + this.#waiting.length >= this.#outstanding;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrent) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
