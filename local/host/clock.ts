import { randomBytes } from "node:crypto";
import type { HostClock, HostRandom } from "./contract.ts";

/** How long a timer sleeps before it looks at the clock again: so soon a jump of the clock, or a machine that slept, is noticed. */
const LEG_MS = 30_000;

/**
 * The wall clock, for timers: where it is put forward it is followed at once. Where it is put back, this one goes on at half speed until it has
 * been caught up with; so nothing waits for an hour that comes again, and nothing happens twice in it. Milliseconds.
 * @param monotonic from any fixed start.
 */
export function steadyTime(wall: () => number, monotonic: () => number): () => number {
  let time = wall();
  let seen = monotonic();
  return () => {
    const now = monotonic();
    const elapsed = now - seen;
    seen = now;
    const shown = wall();
    // Clocks of whole milliseconds differ by a part of one.
    time = shown >= time + elapsed - 1 ? Math.max(time, shown) : Math.max(shown, time + elapsed / 2);
    return Math.floor(time);
  };
}

/** The machine's own time, steadied. A timer does not keep the process alive: a listening host does. */
export const systemClock: HostClock = clockOf(
  steadyTime(
    () => Date.now(),
    () => performance.now(),
  ),
);

/** @param now milliseconds since the epoch. */
export function clockOf(now: () => number): HostClock {
  return {
    now,
    setTimer: (at, callback) => setLongTimer(now, at, callback),
    defer: (callback) => {
      setImmediate(callback);
    },
  };
}

/** In legs, so that any distance works; and looking at the clock at the end, since a timer may be early by a millisecond. */
function setLongTimer(now: () => number, at: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = at - now();
    if (left <= 0) return callback();
    arm(left);
  };
  const arm = (delay: number) => {
    timer = setTimeout(wait, Math.min(Math.ceil(delay), LEG_MS));
    timer.unref();
  };
  arm(Math.max(0, at - now()));
  return () => clearTimeout(timer);
}

export const systemRandom: HostRandom = { hex32: () => randomBytes(16).toString("hex") };
