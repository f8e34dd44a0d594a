import { ComputeError } from "../../shared/ports/compute-backend.ts";
import { StoreError } from "../../shared/ports/documents.ts";
import type { Scope } from "./scheduler.ts";
import type { World } from "./world.ts";

/** What goes wrong with one call: nothing of it happens, or it happens and the answer is lost. */
export interface Trouble {
  readonly before?: Error;
  readonly after?: Error;
  /** Milliseconds that the answer takes in addition. */
  readonly delayMs?: number;
}

/** The longest that a call is on its way there: shorter than what a service's "unknown job" is borne for. */
const SLOWEST_MS = 4000;

/**
 * One call from a host to something else. Way there, work and way back are pieces of work of their own, so that anything can come in
 * between. A host that dies meanwhile never hears the answer; what it had sent to another machine (`leavesHost`) arrives all the same.
 */
export function call<T>(
  world: World,
  scope: Scope,
  what: string,
  act: () => T | Promise<T>,
  { trouble = {}, leavesHost = false }: { trouble?: Trouble; leavesHost?: boolean } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const answer = (then: () => void) => world.scheduler.after(world.latency() + (trouble.delayMs ?? 0), then, scope);
    const refuse = (error: unknown) => {
      world.trace(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      answer(() => reject(error));
    };
    const perform = async () => {
      if (trouble.before) return refuse(trouble.before);
      let result: T;
      try {
        result = await act();
      } catch (error) {
        return refuse(error);
      }
      if (trouble.after) return refuse(trouble.after);
      world.trace(what);
      answer(() => resolve(result));
    };
    const way = world.chance.yes(world.faults.slow) ? world.chance.between(0, SLOWEST_MS) : world.latency();
    world.scheduler.after(way, () => void perform(), leavesHost ? undefined : scope);
  });
}

export function storeTrouble({ chance, faults }: World, writes: boolean): Trouble {
  const [isBusy, isLost] = [chance.yes(faults.storeBusy), chance.yes(faults.storeAnswerLost)];
  if (isBusy) return { before: new StoreError("busy", "too many requests") };
  if (isLost && writes) return { after: new StoreError("unavailable", "the answer was lost") };
  return {};
}

const SILENCE_MS = 120_000;

export function computeTrouble({ chance, faults }: World): Trouble {
  const [isBusy, isLost, isSilent, acts] = [
    chance.yes(faults.computeBusy),
    chance.yes(faults.computeAnswerLost),
    chance.yes(faults.computeSilent),
    chance.yes(0.5),
  ];
  const retryAfterSeconds = chance.yes(0.5) ? chance.whole(1, 30) : undefined;
  if (isBusy) return { before: new ComputeError("TooManyRequests", "the service is busy", { retryable: true, retryAfterSeconds }) };
  if (isLost) return { after: new ComputeError("ConnectionReset", "the answer was lost", { retryable: true }) };
  const silence = new ComputeError("Timeout", "no answer", { retryable: true });
  if (isSilent) return acts ? { after: silence, delayMs: SILENCE_MS } : { before: silence, delayMs: SILENCE_MS };
  return {};
}

export function hostTrouble({ chance, faults }: World): Trouble {
  const [fails, acts] = [chance.yes(faults.hostCallFails), chance.yes(0.5)];
  if (!fails) return {};
  const error = new Error(`The operation failed with an unexpected status code: 503. Details: ${HOST_FAILS}`);
  return acts ? { after: error } : { before: error };
}

/** Stands in errors that {@link hostTrouble} made: they are no bugs. */
export const HOST_FAILS = "simulated";
