/** Room for so many bytes, given in the order in which it was asked for. */
export class Room {
  readonly #limit: number;
  readonly #waiting = new Set<{ bytes: number; enter: () => void }>();
  #used = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /**
   * Waits for room; something larger than all of it gets all of it. At `signal` the wish is withdrawn.
   * @returns what gives it back; undefined when it was withdrawn.
   */
  take(wanted: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    const bytes = Math.min(wanted, this.#limit);
    return new Promise((resolve) => {
      const asked = { bytes, enter: () => resolve(() => this.#give(bytes)) };
      const withdraw = () => {
        if (this.#waiting.delete(asked)) resolve(undefined);
        this.#admit();
      };
      signal.addEventListener("abort", withdraw, { once: true });
      this.#waiting.add(asked);
      if (signal.aborted) withdraw();
      this.#admit();
    });
  }

  #give(bytes: number): void {
    this.#used -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (const asked of this.#waiting) {
      if (this.#used + asked.bytes > this.#limit) return;
      this.#waiting.delete(asked);
      this.#used += asked.bytes;
      asked.enter();
    }
  }
}
