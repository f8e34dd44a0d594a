import type { RunId } from "../../domain/ids.ts";
import { iso, type Schedule } from "../../domain/schedules/schedule.ts";
import type { TickKey } from "../../domain/schedules/tick.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RunStore } from "../../ports/run-store.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";

export interface TakeTurnDeps {
  store: ScheduleStore;
  runs: RunStore;
  clock: Clock;
}

/** Between taking a turn and claiming the tick there is one write; who has not made it after so long has died. */
const ABANDONED_MS = 60_000;

/**
 * Lets one tick at a time through where a schedule skips overlapping ones. The turn is written on the schedule, where two who ask at once meet.
 * @returns the id of the run that the tick may start, or the run that is still going on.
 */
export async function takeTurn(
  deps: TakeTurnDeps,
  schedule: Schedule,
  tick: TickKey,
  runId: RunId,
): Promise<{ runId: RunId } | { goingOn: RunId }> {
  if (schedule.policy.overlap === "allow") return { runId };
  for (;;) {
    const stored = await deps.store.schedules.find(schedule.id);
    if (!stored) return { runId };
    const last = stored.value.lastTaken;
    if (last?.tick === tick) return { runId: last.runId };
    if (last && (await isGoingOn(deps, stored.value, last))) return { goingOn: last.runId };
    const taken = { ...stored.value, lastTaken: { tick, runId, at: iso(deps.clock.now()) } };
    if (await deps.store.schedules.replace(taken, stored.etag)) return { runId };
  }
}

async function isGoingOn(
  { store, runs, clock }: TakeTurnDeps,
  { id }: Schedule,
  last: NonNullable<Schedule["lastTaken"]>,
): Promise<boolean> {
  const head = await runs.head(last.runId);
  if (head) return !head.value.settled;
  const tick = await store.tick(id, last.tick);
  return tick ? tick.value.status === "Starting" : clock.now() - Date.parse(last.at) < ABANDONED_MS;
}
