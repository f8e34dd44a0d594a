import { settleMs } from "./blob-change.ts";
import { dueAt, type Schedule } from "./schedule.ts";

/**
 * A schedule of changed blobs with the time to look at it next: the run of settled changes is to be started, changes will have settled, or a poll is
 * due, whichever comes first.
 */
export function withNextLook(schedule: Schedule): Schedule {
  const { trigger, settled, settling, nextPoll } = schedule;
  if (trigger.kind !== "blobChange" || schedule.status !== "Active") return dueAt(schedule, undefined);
  const times = [
    settled && Date.parse(settled.lastChangeAt),
    settling && Date.parse(settling.lastChangeAt) + (settleMs(trigger) ?? 0),
    nextPoll === undefined ? undefined : Date.parse(nextPoll),
  ].filter((time) => time !== undefined);
  return dueAt(schedule, times.length > 0 ? Math.min(...times) : undefined);
}
