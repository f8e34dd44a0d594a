import type { DueTicks } from "../../domain/schedules/missed.ts";
import { iso, type ScheduleId } from "../../domain/schedules/schedule.ts";
import { type Tick, timerKey } from "../../domain/schedules/tick.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";

/** Why ticks have no run, and what to do about it. */
export interface MissedReason {
  readonly cause: string;
  readonly remedy: string;
}

/** Records ticks that do not run. Those that somebody has decided otherwise before stay as they are. @param now when this was decided. */
export async function recordMissed(
  store: ScheduleStore,
  id: ScheduleId,
  { missed, older }: Pick<DueTicks, "missed" | "older">,
  now: number,
  reason: MissedReason,
): Promise<void> {
  const tick = (due: number): Tick => ({
    key: timerKey(due),
    kind: "timer",
    due: iso(due),
    decidedAt: iso(now),
    status: "Missed",
    starts: false,
    ...reason,
  });
  if (older) await store.createTick(id, { ...tick(older.from), until: iso(older.to) });
  for (const due of missed) await store.createTick(id, tick(due));
}
