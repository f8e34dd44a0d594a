import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How often a property is tried: `FC_RUNS` where it is set, so that one command tries all for longer. */
export function runs(few: number): number {
  return Number(process.env["FC_RUNS"]) || few;
}

/** What a reader may take for one text, in milliseconds of its thread's processor time: on a busy machine the wall clock says nothing. */
const PROMPTLY_MS = 1000;
/** What is slow each time is the reader's doing, what is slow once may be the machine's. */
const TRIES = 3;

/**
 * Reads, and answers what was read or the error that the reader documents.
 * @throws whatever else it throws, and for a reader that takes more than a second each time.
 */
export function promptly<T, E>(read: () => T, isDocumented: (error: unknown) => error is E): T | E {
  for (let tries = 1; ; tries++) {
    const began = processorMs();
    const outcome = attempt(read, isDocumented);
    const ms = processorMs() - began;
    if (ms <= PROMPTLY_MS) return outcome;
    if (tries === TRIES) throw new Error(`took ${Math.round(ms)} ms`);
  }
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function attempt<T, E>(read: () => T, isDocumented: (error: unknown) => error is E): T | E {
  try {
    return read();
  } catch (error) {
    if (isDocumented(error)) return error;
    throw error;
  }
}

/** Bytes on the heap once garbage is collected. */
export function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  gc();
  return process.memoryUsage().heapUsed;
}
