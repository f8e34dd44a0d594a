import { seededRandom } from "../support/seeded-random.ts";

/** Every throw of the dice of one simulation, from one seed. */
export class Chance {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** True with a probability from 0 to 1. Always takes one throw, so that switching a fault off changes nothing else. */
  yes(probability: number): boolean {
    return this.next() < probability;
  }

  /** From `least`, up to and not including `most`. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  pick<T>(of: readonly T[]): T {
    const one = of[this.whole(0, of.length - 1)];
    if (one === undefined) throw new Error("there is nothing to pick from");
    return one;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.whole(0, 255)));
  }

  /** Dice of their own for one part, so that more throws in one do not change another. */
  fork(): Chance {
    return new Chance(Math.floor(this.next() * 2 ** 32));
  }
}
