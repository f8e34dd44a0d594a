import { setTimeout as delay } from "node:timers/promises";

/** Looks again and again until something is there. @throws {Error} when it is not after so many seconds. */
export async function waitUntil<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
  { seconds = 60, everyMs = 5 }: { seconds?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await delay(everyMs);
  }
}
