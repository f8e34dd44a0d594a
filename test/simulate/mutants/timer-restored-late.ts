import type { Mutant } from "./mutant.ts";

export const timerRestoredLate: Mutant = {
  name: "timer-restored-late",
  fault: "after a restart the first timer is late by what was left of it",
  edits: [
    {
      file: "local/host/durable/timers.ts",
      find: "    if (next !== undefined) this.arm(next);",
      replace: "    if (next !== undefined) this.arm(next + Math.max(0, next - this.clock.now()));",
    },
  ],
};
