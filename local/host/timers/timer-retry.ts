import { z } from "zod";
import type { HostClock } from "../contract.ts";

const Interval = z.object({ seconds: z.number().nonnegative() });

/** A function's retry policy as `@azure/functions` registers it; -1 tries for ever. */
const RetryPolicy = z.object({
  maxRetryCount: z.number().int().min(-1),
  retryStrategy: z.enum(["fixedDelay", "exponentialBackoff"]).default("fixedDelay"),
  delayInterval: Interval.optional(),
  minimumInterval: Interval.optional(),
  maximumInterval: Interval.optional(),
});
type RetryPolicy = z.infer<typeof RetryPolicy>;

export interface RetryContext {
  retryCount: number;
  maxRetryCount: number;
  exception: { message: string };
}

/** Runs `work`, again and again as the policy says; throws what the last try threw. `stopped` ends the waiting. */
export async function withRetries(
  retryOptions: unknown,
  clock: HostClock,
  stopped: AbortSignal,
  work: (context?: RetryContext) => Promise<void>,
): Promise<void> {
  const policy = retryOptions === undefined ? undefined : RetryPolicy.parse(retryOptions);
  let context: RetryContext | undefined;
  for (let count = 0; ; count++) {
    try {
      return await work(context);
    } catch (error) {
      const exhausted = !policy || (policy.maxRetryCount >= 0 && count >= policy.maxRetryCount);
      if (exhausted || stopped.aborted || !(await wait(clock, delaySeconds(policy, count), stopped))) throw error;
      context = {
        retryCount: count + 1,
        maxRetryCount: policy.maxRetryCount,
        exception: { message: error instanceof Error ? error.message : String(error) },
      };
    }
  }
}

/** Doubling from the minimum to the maximum, or always the same. */
function delaySeconds(policy: RetryPolicy, count: number): number {
  if (policy.retryStrategy === "fixedDelay") return policy.delayInterval?.seconds ?? 0;
  const minimum = policy.minimumInterval?.seconds ?? 0;
  return Math.min(policy.maximumInterval?.seconds ?? Number.POSITIVE_INFINITY, minimum * 2 ** count);
}

/** False if it was cut short. */
function wait(clock: HostClock, seconds: number, stopped: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      resolve(false);
    };
    const cancel = clock.setTimer(clock.now() + seconds * 1000, () => {
      stopped.removeEventListener("abort", end);
      resolve(true);
    });
    stopped.addEventListener("abort", end, { once: true });
  });
}
