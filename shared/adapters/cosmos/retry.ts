import { setTimeout as delay } from "node:timers/promises";
import { isPassing } from "./cosmos-error.ts";

export interface RetryRules {
  /** Tries in all. */
  readonly attempts: number;
  /** The gap before the second try is random up to this, and the bound doubles each time up to `capMs`. */
  readonly baseMs: number;
  readonly capMs: number;
  /** After this long no further try is made, whatever its turn. */
  readonly withinMs: number;
}

/** About 10 s in all: an activity and a caller of the API both wait longer, and then ask again by themselves. */
export const RETRY_RULES: RetryRules = { attempts: 10, baseMs: 50, capMs: 4_000, withinMs: 30_000 };

/** Does it again while the trouble passes. What is thrown is the last error. */
export async function withRetries<T>(rules: RetryRules, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(rules.withinMs);
  for (let attempt = 1; ; attempt++) {
    try {
      return await act(signal);
    } catch (error) {
      if (attempt >= rules.attempts || signal.aborted || !isPassing(error)) throw error;
      // Random over the whole gap: writers that met once must not meet again.
      await delay(Math.random() * Math.min(rules.capMs, rules.baseMs * 2 ** (attempt - 1)));
    }
  }
}
