import type { Policy } from "./schedule.ts";
import { latestTicks, type TimedTrigger } from "./trigger.ts";

/** Ticks that one look starts or records at the most; of older ones only the span is recorded. */
export const MAX_MISSED = 100;
/** With `missed: "none"`, a tick later than this is one that was missed. What is looked at every few seconds is late only when nothing ran. */
export const PROMPT_MS = 5 * 60_000;

/** What is due of a schedule, oldest first. `older`: the span of ticks before them that are too many. */
export interface DueTicks {
  readonly runs: readonly number[];
  readonly missed: readonly number[];
  readonly older?: { readonly from: number; readonly to: number };
}

/**
 * Which of the ticks that are due run and which count as missed. The first one is due in any case, whatever its trigger says of it: a first run at
 * once fits no rule.
 * @param due when the schedule is due, as stored; not after `now`.
 */
export function dueTicks(trigger: TimedTrigger, anchor: number, due: number, now: number, policy: Policy["missed"]): DueTicks {
  const later = latestTicks(trigger, anchor, { from: due + 1, to: now }, MAX_MISSED);
  const all = later.length < MAX_MISSED ? [due, ...later] : later;
  const older = all[0] === due ? undefined : { from: due, to: (all[0] ?? now) - 1 };
  const [newest = due] = all.slice(-1);
  const runs = runningOf(all, newest, now, policy);
  return { runs, missed: all.filter((tick) => !runs.includes(tick)), ...(older && { older }) };
}

function runningOf(all: readonly number[], newest: number, now: number, policy: Policy["missed"]): readonly number[] {
  switch (policy) {
    case "all":
      return all;
    case "latest":
      return [newest];
    case "none":
      return now - newest <= PROMPT_MS ? [newest] : [];
  }
}
