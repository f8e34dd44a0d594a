import { dueTicks } from "../../domain/schedules/missed.ts";
import { dueAt, type Schedule } from "../../domain/schedules/schedule.ts";
import { timerKey } from "../../domain/schedules/tick.ts";
import { type TimedTrigger, ticksOf } from "../../domain/schedules/trigger.ts";
import { changeSchedule } from "./change-schedule.ts";
import { type MissedReason, recordMissed } from "./record-missed.ts";
import { finishTick, type RunTickDeps, runTick } from "./run-tick.ts";

const NOT_LOOKED: MissedReason = {
  cause: "nothing looked at schedules when it was due: the app was not running, or could not reach its store",
  remedy: "policy.missed says which missed ticks run; a test tick runs the pipeline now",
};

/**
 * Decides every tick of a schedule that is due, and then, not before, when it is due next: so a crash at any point leaves it due, and the next look
 * finishes what is missing.
 * @throws what {@link runTick} throws.
 */
export async function fireTimed(deps: RunTickDeps, schedule: Schedule, trigger: TimedTrigger): Promise<void> {
  const now = deps.clock.now();
  const due = Date.parse(schedule.nextDue ?? "");
  if (!(due <= now)) return;
  const anchor = Date.parse(schedule.anchor);
  const { runs, missed, older } = dueTicks(trigger, anchor, due, now, schedule.policy.missed);
  if (missed.length > 0 || older) await finishStarted(deps, schedule, due);
  await recordMissed(deps.store, schedule.id, { missed, ...(older && { older }) }, now, NOT_LOOKED);
  for (const tick of runs) await runTick(deps, schedule, { key: timerKey(tick), kind: "timer", due: tick });
  const next = ticksOf(trigger, anchor).next(now);
  await changeSchedule(deps.store, schedule.id, (current) => (isSame(current, schedule) ? dueAt(current, next) : current));
}

/** Finishes ticks that somebody began before a crash, however many have come since. */
export async function finishStarted(deps: RunTickDeps, schedule: Schedule, due: number): Promise<void> {
  for (const { key } of await deps.store.startingTicks(schedule.id, timerKey(due))) {
    const stored = await deps.store.tick(schedule.id, key);
    if (stored) await finishTick(deps, schedule, stored);
  }
}

/** Whether nobody has moved the schedule on or changed its trigger. */
function isSame(current: Schedule, { anchor, nextDue }: Schedule): boolean {
  return current.anchor === anchor && current.nextDue === nextDue;
}
