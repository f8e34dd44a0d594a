import type { CreateScheduleRequest } from "../../api/schedule-requests.ts";
import type { ScheduleResource } from "../../api/schedule-resources.ts";
import { ProblemError } from "../../domain/problems.ts";
import { activated } from "../../domain/schedules/activate.ts";
import { iso, type Schedule, ScheduleDefinition, ScheduleId } from "../../domain/schedules/schedule.ts";
import type { Principal } from "../../ports/callers.ts";
import { callerOf } from "../caller-of.ts";
import { type CheckScheduleDeps, checkSchedule } from "./check-schedule.ts";
import { type FireScheduleDeps, fireSchedule } from "./fire-schedule.ts";
import { toScheduleResource } from "./view-schedules.ts";

export type CreateScheduleDeps = CheckScheduleDeps & FireScheduleDeps;

/**
 * Makes a schedule, and starts its first run where that is due at once. Whoever brings an id along may ask again: the same schedule is answered.
 * @throws {ProblemError} what {@link checkSchedule} throws; conflict when the id is another schedule's.
 */
export const createSchedule =
  (deps: CreateScheduleDeps) =>
  async (caller: Principal, { id, status, ...definition }: CreateScheduleRequest): Promise<ScheduleResource> => {
    const now = deps.clock.now();
    await checkSchedule(deps, definition, now);
    const order = deps.clock.newId();
    const at = iso(now);
    const fresh: Schedule = {
      ...definition,
      id: id ?? ScheduleId.parse(order),
      status: "Disabled",
      createdAt: at,
      createdBy: callerOf(caller),
      modifiedAt: at,
      anchor: at,
      watchingSince: at,
      dueBucket: "",
      watching: false,
    };
    const schedule = status === "Active" ? activated(fresh, now, "made") : fresh;
    if (!(await deps.store.schedules.create(schedule, order))) return await sameAs(deps, fresh);
    await deps.store.durable();
    // A poll may take seconds, which nobody waits for here: the next look makes it.
    if (schedule.trigger.kind !== "blobChange") await fireAtOnce(deps, schedule.id);
    return toScheduleResource(schedule);
  };

async function sameAs({ store }: CreateScheduleDeps, fresh: Schedule): Promise<ScheduleResource> {
  const there = (await store.schedules.find(fresh.id))?.value;
  if (there && said(there) === said(fresh)) return toScheduleResource(there);
  throw new ProblemError({
    kind: "conflict",
    message: `schedule id ${fresh.id} is in use`,
    remedy: `leave the id out, and one is made; or change that schedule with PATCH /api/schedules/${fresh.id}`,
  });
}

/** What its author says of a schedule, as one text: members come in the schema's order. */
function said(schedule: Schedule): string {
  return JSON.stringify(ScheduleDefinition.strip().parse(schedule));
}

/** The schedule is stored, and due: what goes wrong here, the next look does. */
async function fireAtOnce(deps: CreateScheduleDeps, id: string): Promise<void> {
  try {
    await fireSchedule(deps, id);
  } catch (error) {
    deps.log.warn("first run of a schedule could not be started at once; the next look will", { scheduleId: id, cause: String(error) });
  }
}
