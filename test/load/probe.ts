import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "./caller.ts";

const GAP_MS = 50;

/** Asks something small again and again while others load the workspace: how long that takes at the most tells whether they starve it. */
export class Probe {
  readonly #times: number[] = [];
  #over = false;
  readonly #asking: Promise<void>;

  constructor(caller: Caller) {
    this.#asking = this.#ask(caller);
  }

  /** Milliseconds of the slowest answer, and of that which 99 of 100 were faster than. */
  async close(): Promise<{ slowestMs: number; p99Ms: number }> {
    this.#over = true;
    await this.#asking;
    const sorted = this.#times.sort((a, b) => a - b);
    return { slowestMs: sorted.at(-1) ?? 0, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
  }

  async #ask(caller: Caller): Promise<void> {
    while (!this.#over) {
      const began = performance.now();
      const { status } = await caller.once({ path: "workspace" });
      this.#times.push(performance.now() - began);
      if (status !== 200) caller.problems.add(`GET workspace answered ${status} under load`);
      await delay(GAP_MS);
    }
  }
}
