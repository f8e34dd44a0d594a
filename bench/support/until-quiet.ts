import { setTimeout as delay } from "node:timers/promises";
import { type ProcessStat, secondsOf } from "./proc.ts";
import { waitUntil } from "./wait-until.ts";

const LOOK_MS = 300;
/** Processes that use less of a core than this have nothing left to do. */
const QUIET = 0.05;

/** Waits until processes have done what they were asked for. @throws {Error} when they do not come to rest. */
export async function untilQuiet(processes: () => readonly ProcessStat[], seconds = 300): Promise<void> {
  await waitUntil(
    async () => {
      const before = secondsOf(processes());
      await delay(LOOK_MS);
      return secondsOf(processes()) - before < (QUIET * LOOK_MS) / 1000 || undefined;
    },
    "the workspace to come to rest",
    { seconds },
  );
}
