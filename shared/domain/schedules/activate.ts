import { withNextLook } from "./next-look.ts";
import { dueAt, iso, type Schedule } from "./schedule.ts";
import { anchorOf, firstDue, ticksOf } from "./trigger.ts";

/**
 * A schedule that begins to run, or begins anew with another trigger. What was due or changed before is left alone: only a schedule that is made has a
 * first run at once.
 * @param how `made`, `changed`: its trigger is another, and intervals are counted anew; `enabled`: they go on from where they began.
 */
export function activated(schedule: Schedule, now: number, how: "made" | "changed" | "enabled"): Schedule {
  const { trigger } = schedule;
  const common = { ...schedule, status: "Active" as const, poll: undefined, settling: undefined, settled: undefined, nextPoll: undefined };
  if (trigger.kind === "blobChange") {
    const nextPoll = trigger.pollingIntervalMinutes > 0 ? iso(now) : undefined;
    return withNextLook({ ...common, watching: true, watchingSince: iso(now), nextPoll });
  }
  const anchor = how === "enabled" ? Date.parse(schedule.anchor) : anchorOf(trigger, now);
  const due = how === "made" ? firstDue(trigger, now) : ticksOf(trigger, anchor).next(now);
  return dueAt({ ...common, watching: false, anchor: iso(anchor) }, due);
}

/** A schedule that is not to run. */
export function deactivated(schedule: Schedule): Schedule {
  return dueAt(
    { ...schedule, status: "Disabled", watching: false, settling: undefined, settled: undefined, nextPoll: undefined },
    undefined,
  );
}
