import { setTimeout as delay } from "node:timers/promises";
import { type CpuUsage, foreignShare, readCpuUsage } from "./cpu-usage.ts";

/** A measurement is thrown out when others had more than this share of all cores meanwhile. */
export const MOST_FOREIGN = 0.12;
/** Others are quiet when they have less than this in {@link LOOK_MS}. */
const QUIET = 0.075;
const LOOK_MS = 400;
/** So that tests need no machine. */
export interface GateParts {
  usage(): CpuUsage;
  pause(ms: number): Promise<unknown>;
}

export interface Watched<T> {
  result: T;
  /** What others used of all cores meanwhile, from 0 to 1. */
  foreign: number;
}

/** Sees whether something else uses the machine. */
export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts = { usage: readCpuUsage, pause: delay }) {
    this.#parts = parts;
  }

  /** Waits until others are quiet, or for so long. @returns whether they are. */
  async quiet(mostMs: number): Promise<boolean> {
    for (let waited = 0; waited < mostMs; waited += LOOK_MS) {
      const { foreign } = await this.watch(() => this.#parts.pause(LOOK_MS));
      if (foreign < QUIET) return true;
    }
    return false;
  }

  async watch<T>(run: () => Promise<T>): Promise<Watched<T>> {
    const before = this.#parts.usage();
    const result = await run();
    return { result, foreign: foreignShare(before, this.#parts.usage()) };
  }
}

export function isClean(foreign: number): boolean {
  return foreign <= MOST_FOREIGN;
}
