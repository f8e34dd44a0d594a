import { randomBytes } from "node:crypto";
import type { HostClock, HostRandom } from "./contract.ts";

/** The longest delay that setTimeout keeps: above it, the timer fires at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's own time. A timer does not keep the process alive: a listening host does. */
export const systemClock: HostClock = {
  now: () => Date.now(),
  setTimer: setLongTimer,
  defer: (callback) => {
    setImmediate(callback);
  },
};

/** In legs, so that any distance works; and looking at the clock at the end, since a timer may be early by a millisecond. */
function setLongTimer(at: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = at - Date.now();
    if (left <= 0) return callback();
    arm(left);
  };
  const arm = (delay: number) => {
    timer = setTimeout(wait, Math.min(Math.ceil(delay), LONGEST_DELAY_MS));
    timer.unref();
  };
  arm(Math.max(0, at - Date.now()));
  return () => clearTimeout(timer);
}

export const systemRandom: HostRandom = { hex32: () => randomBytes(16).toString("hex") };
