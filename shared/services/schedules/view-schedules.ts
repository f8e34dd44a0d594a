import type { PreviewScheduleRequest } from "../../api/schedule-requests.ts";
import type {
  NextTick,
  NextTicks,
  ScheduleDetails,
  ScheduleList,
  ScheduleResource,
  TickList,
  TickResource,
} from "../../api/schedule-resources.ts";
import { ProblemError } from "../../domain/problems.ts";
import { POLLED_BLOBS } from "../../domain/schedules/blob-change.ts";
import { iso, type Schedule } from "../../domain/schedules/schedule.ts";
import type { Tick } from "../../domain/schedules/tick.ts";
import { zoneOf } from "../../domain/schedules/timing.ts";
import { anchorOf, checkTrigger, firstDue, nextTicks, type TimedTrigger } from "../../domain/schedules/trigger.ts";
import { wallAt } from "../../domain/schedules/wall-clock.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RunStore } from "../../ports/run-store.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import { findSchedule } from "./change-schedule.ts";

export interface ViewSchedulesDeps {
  store: ScheduleStore;
  runs: RunStore;
  clock: Clock;
}

const SHOWN_TICKS = 10;

export interface ListSchedulesQuery {
  includeDisabled: boolean;
  pipelineId?: string | undefined;
  pipelineEndpointId?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Newest first; only those that are active, unless told. */
export const listSchedules =
  ({ store }: Pick<ViewSchedulesDeps, "store">) =>
  async ({ includeDisabled, pipelineId, pipelineEndpointId, limit, cursor }: ListSchedulesQuery): Promise<ScheduleList> => {
    const where = {
      ...(!includeDisabled && { status: "Active" }),
      ...(pipelineId !== undefined && { pipelineId }),
      ...(pipelineEndpointId !== undefined && { pipelineEndpointId }),
    };
    const page = await store.schedules.list(where, { after: cursor, limit });
    return { schedules: page.items.map(toScheduleResource), ...(page.next !== undefined && { cursor: page.next }) };
  };

/** @throws {ProblemError} not-found */
export const getSchedule =
  ({ store, runs }: Pick<ViewSchedulesDeps, "store" | "runs">) =>
  async (id: string): Promise<ScheduleDetails> => {
    const schedule = await findSchedule(store, id);
    const [last, started] = await Promise.all([
      store.ticks(schedule.id, { limit: 1 }),
      store.ticks(schedule.id, { limit: 1, where: { starts: true } }),
    ]);
    const [lastTick, withRun] = [last.items[0], started.items[0]];
    const head = withRun?.runId && (await runs.head(withRun.runId));
    return {
      ...toScheduleResource(schedule),
      nextTicks: ticksToCome(schedule),
      ...(lastTick && { lastTick: toTickResource(lastTick) }),
      ...(withRun?.runId && {
        lastRun: { runId: withRun.runId, tick: withRun.key, due: withRun.due, ...(head && { status: head.value.status }) },
      }),
    };
  };

/** Newest first. @throws {ProblemError} not-found */
export const listTicks =
  ({ store }: Pick<ViewSchedulesDeps, "store">) =>
  async (id: string, query: { status?: Tick["status"] | undefined; limit: number; cursor?: string | undefined }): Promise<TickList> => {
    const schedule = await findSchedule(store, id);
    const where = query.status === undefined ? {} : { status: query.status };
    const page = await store.ticks(schedule.id, { after: query.cursor, limit: query.limit, where });
    return { ticks: page.items.map(toTickResource), ...(page.next !== undefined && { cursor: page.next }) };
  };

/** The ticks that a schedule with this trigger would have if it were made now. @throws {ProblemError} `invalid-request` */
export const previewSchedule =
  ({ clock }: Pick<ViewSchedulesDeps, "clock">) =>
  ({ trigger, count }: PreviewScheduleRequest): NextTicks => {
    const now = clock.now();
    const errors = checkTrigger(trigger, now).map((problem) => ({ ...problem, pointer: `/trigger${problem.pointer ?? ""}` }));
    if (trigger.kind === "blobChange")
      errors.push({
        pointer: "/trigger/kind",
        message: "changes of blobs do not go by the clock, so no tick is known before",
        remedy: "preview a recurrence or a cron expression",
      });
    if (errors.length > 0 || trigger.kind === "blobChange") throw new ProblemError({ kind: "invalid-request", errors });
    const first = firstDue(trigger, now);
    return { ticks: first === undefined ? [] : from(trigger, anchorOf(trigger, now), first, count) };
  };

export function toScheduleResource(schedule: Schedule): ScheduleResource {
  const {
    anchor: _1,
    watchingSince: _2,
    dueBucket: _3,
    watching: _4,
    deletedAt: _5,
    nextPoll: _6,
    poll,
    settling: _7,
    settled: _8,
    lastTaken: _9,
    nextDue,
    ...shown
  } = schedule;
  return {
    ...shown,
    provisioningState: "Succeeded",
    ...(nextDue !== undefined && schedule.trigger.kind !== "blobChange" && { nextDue }),
    ...(poll && { poll: { at: poll.at, looked: poll.looked } }),
    warnings: warningsOf(schedule),
  };
}

export function toTickResource({ starts: _, ...tick }: Tick): TickResource {
  return { ...tick, late: (Date.parse(tick.decidedAt) - Date.parse(tick.due)) / 1000 };
}

function warningsOf({ status, trigger, poll, nextDue }: Schedule): string[] {
  const warnings: string[] = [];
  if (poll?.failure !== undefined) warnings.push(`the last poll could not look: ${poll.failure}`);
  if (poll?.beyond)
    warnings.push(
      `a poll looks at ${POLLED_BLOBS} blobs in order of name, and there are more: of changes beyond, only events tell; watch a smaller folder, or move away what was dealt with`,
    );
  if (status === "Active" && trigger.kind !== "blobChange" && nextDue === undefined)
    warnings.push("its end has passed: no tick is to come");
  return warnings;
}

function ticksToCome({ trigger, anchor, nextDue }: Schedule): NextTick[] {
  return trigger.kind === "blobChange" || nextDue === undefined ? [] : from(trigger, Date.parse(anchor), Date.parse(nextDue), SHOWN_TICKS);
}

function from(trigger: TimedTrigger, anchor: number, first: number, count: number): NextTick[] {
  const zone = zoneOf(trigger);
  return [first, ...nextTicks(trigger, anchor, first, count - 1)].map((tick) => ({
    due: iso(tick),
    local: iso(wallAt(zone, tick)).slice(0, 19),
  }));
}
