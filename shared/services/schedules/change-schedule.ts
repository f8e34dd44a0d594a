import { ProblemError } from "../../domain/problems.ts";
import type { Schedule } from "../../domain/schedules/schedule.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import { changeAsset } from "../change-asset.ts";

/**
 * Changes a schedule by compare-and-swap, deciding again whenever somebody else changed it first.
 * @param change answers the schedule as it is to be; the very one it was given means that there is nothing to change.
 * @throws {ProblemError} not-found
 */
export function changeSchedule({ schedules }: ScheduleStore, id: string, change: (schedule: Schedule) => Schedule): Promise<Schedule> {
  return changeAsset(schedules, id, change, noSchedule);
}

/** @throws {ProblemError} not-found */
export async function findSchedule({ schedules }: ScheduleStore, id: string): Promise<Schedule> {
  const stored = await schedules.find(id);
  if (!stored) throw noSchedule(id);
  return stored.value;
}

function noSchedule(id: string): ProblemError {
  return new ProblemError({ kind: "not-found", what: "schedule", id, remedy: "GET /api/schedules?includeDisabled=true lists all" });
}
