import type { PatchScheduleRequest } from "../../api/schedule-requests.ts";
import type { ScheduleResource } from "../../api/schedule-resources.ts";
import { ProblemError } from "../../domain/problems.ts";
import { activated, deactivated } from "../../domain/schedules/activate.ts";
import { dueTicks } from "../../domain/schedules/missed.ts";
import { iso, type Schedule } from "../../domain/schedules/schedule.ts";
import type { TimedTrigger } from "../../domain/schedules/trigger.ts";
import { changeSchedule, findSchedule } from "./change-schedule.ts";
import { type CheckScheduleDeps, checkSchedule } from "./check-schedule.ts";
import { finishStarted } from "./fire-timed.ts";
import { recordMissed } from "./record-missed.ts";
import { type RunTickDeps, runTick } from "./run-tick.ts";
import { toScheduleResource } from "./view-schedules.ts";

const BY_HAND = "a test tick runs the pipeline now: POST /api/schedules/{id}/test";

export type EditScheduleDeps = CheckScheduleDeps & RunTickDeps;

/**
 * Changes what is given. With another trigger the next tick is computed anew from now.
 * @throws {ProblemError} not-found; what {@link checkSchedule} throws.
 */
export const patchSchedule =
  (deps: EditScheduleDeps) =>
  async (id: string, request: PatchScheduleRequest): Promise<ScheduleResource> => {
    const now = deps.clock.now();
    // Checked on what is there now; who changes the same schedule at the same time has been checked as well.
    await checkSchedule(deps, merged(await findSchedule(deps.store, id), request), now);
    return await edit(deps, id, (schedule) => moved(schedule, merged(schedule, request), now));
  };

/** Enables or disables; what is so already stays as it is. @throws {ProblemError} not-found */
export const setScheduleStatus =
  (deps: RunTickDeps) =>
  async (id: string, status: Schedule["status"]): Promise<ScheduleResource> => {
    const now = deps.clock.now();
    return await edit(deps, id, (schedule) => (schedule.status === status ? schedule : moved(schedule, { ...schedule, status }, now)));
  };

/** Its runs and ticks stay. @throws {ProblemError} not-found; conflict while it is enabled. */
export const deleteSchedule =
  (deps: RunTickDeps) =>
  async (id: string): Promise<void> => {
    await changeSchedule(deps.store, id, (schedule) => {
      if (schedule.status === "Active")
        throw new ProblemError({
          kind: "conflict",
          message: `schedule ${JSON.stringify(schedule.name)} is enabled`,
          remedy: `disable it first: POST /api/schedules/${schedule.id}/disable`,
        });
      return { ...schedule, deletedAt: iso(deps.clock.now()) };
    });
    await deps.store.durable();
  };

async function edit(deps: RunTickDeps, id: string, change: (schedule: Schedule) => Schedule): Promise<ScheduleResource> {
  const { store, clock } = deps;
  const before: Schedule[] = [];
  const changed = await changeSchedule(store, id, (schedule) => {
    const after = change(schedule);
    before.push(schedule);
    return after === schedule ? schedule : { ...after, modifiedAt: iso(clock.now()) };
  });
  const replaced = before.at(-1);
  if (replaced && replaced !== changed) await leaveNothing(deps, replaced, changed);
  await store.durable();
  return toScheduleResource(changed);
}

/**
 * What was due or begun before a change and would be found by no look after it: a tick that was claimed is finished, and of others, and of changes that
 * were waiting, it is recorded that they have no run.
 */
async function leaveNothing(deps: RunTickDeps, before: Schedule, after: Schedule): Promise<void> {
  if (before.nextDue !== after.nextDue && before.trigger.kind !== "blobChange") await leaveNoTick(deps, before, before.trigger);
  if (before.settled && !after.settled) {
    const { tick, runId, lastChangeAt } = before.settled;
    await runTick(deps, before, { key: tick, kind: "blob", due: Date.parse(lastChangeAt), runId });
  }
  if (before.settling && !after.settling) {
    const { tick, lastChangeAt } = before.settling;
    const decidedAt = iso(deps.clock.now());
    await deps.store.createTick(before.id, {
      key: tick,
      kind: "blob",
      due: lastChangeAt,
      decidedAt,
      status: "Missed",
      starts: false,
      cause: "the schedule was disabled or had its trigger changed before these changes had settled",
      remedy: BY_HAND,
    });
  }
}

async function leaveNoTick(deps: RunTickDeps, before: Schedule, trigger: TimedTrigger): Promise<void> {
  const [due, now] = [Date.parse(before.nextDue ?? ""), deps.clock.now()];
  if (!(due <= now)) return;
  await finishStarted(deps, before, due);
  const { runs, missed, older } = dueTicks(trigger, Date.parse(before.anchor), due, now, "none");
  const cause = "the schedule was disabled or had its trigger changed before a look came by";
  await recordMissed(deps.store, before.id, { missed: [...missed, ...runs], ...(older && { older }) }, now, { cause, remedy: BY_HAND });
}

function merged(schedule: Schedule, request: PatchScheduleRequest): Schedule {
  const { description, continueOnStepFailure, pipelineId, pipelineEndpointId, policy, ...others } = request;
  const target = pipelineId !== undefined || pipelineEndpointId !== undefined ? { pipelineId, pipelineEndpointId } : {};
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  return {
    ...schedule,
    ...given,
    ...target,
    ...(description !== undefined && { description: description ?? undefined }),
    ...(continueOnStepFailure !== undefined && { continueOnStepFailure: continueOnStepFailure ?? undefined }),
    policy: { missed: policy?.missed ?? schedule.policy.missed, overlap: policy?.overlap ?? schedule.policy.overlap },
  };
}

/** The schedule as it goes on from one state to another. */
function moved(before: Schedule, after: Schedule, now: number): Schedule {
  const isNewTrigger = JSON.stringify(before.trigger) !== JSON.stringify(after.trigger);
  if (after.status === "Disabled") return before.status === "Active" ? deactivated(after) : after;
  if (isNewTrigger) return activated(after, now, "changed");
  return before.status === "Active" ? after : activated(after, now, "enabled");
}
