import { setTimeout as delay } from "node:timers/promises";

/** How long a case may take from its submit to its end, in milliseconds: above the minute of the watchdogs, with room for a busy machine. */
export const CASE_MS = 150_000;

/** Looks until there is something to see. @throws {Error} naming what was waited for. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, what: string, ms: number, gapMs = 20): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${Math.round(ms / 1000)} s`);
    await delay(gapMs);
  }
}
