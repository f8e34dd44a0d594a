import type { TypedData } from "../contract.ts";
import type { Schedule } from "./schedule.ts";
import type { TimerStatus } from "./timer-status-store.ts";

/** .NET's way to say "never". */
const NEVER = "0001-01-01T00:00:00";

/** What a timer function is given. The host writes keys with a capital; the library changes them. */
export function timerInput(schedule: Pick<Schedule, "adjustForDst">, status: TimerStatus | undefined, isPastDue: boolean): TypedData {
  const scheduleStatus = status ? { Last: status.last ?? NEVER, Next: status.next, LastUpdated: status.lastUpdated } : null;
  return {
    json: JSON.stringify({ Schedule: { AdjustForDST: schedule.adjustForDst }, ScheduleStatus: scheduleStatus, IsPastDue: isPastDue }),
  };
}
