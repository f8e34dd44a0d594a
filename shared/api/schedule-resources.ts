import { z } from "zod";
import { RunId } from "../domain/ids.ts";
import { Caller, Instant } from "../domain/run-documents.ts";
import { ScheduleDefinition, ScheduleId } from "../domain/schedules/schedule.ts";
import { Tick } from "../domain/schedules/tick.ts";
import { RunStatus } from "../domain/statuses.ts";

export const ScheduleResource = z
  .object({
    id: ScheduleId,
    ...ScheduleDefinition.shape,
    status: z.enum(["Active", "Disabled"]),
    /** v1's word for how far the making of a schedule has come: here it is made when the request is answered. */
    provisioningState: z.literal("Succeeded"),
    createdAt: Instant,
    createdBy: Caller,
    modifiedAt: Instant,
    /** Of a schedule that goes by the clock: its next tick. Absent while it is disabled, and when no tick is to come. */
    nextDue: Instant.optional(),
    /** Of one that watches blobs: how the last poll went. */
    poll: z.object({ at: Instant, looked: z.int() }).optional(),
    /** What keeps it from doing all it was made for. */
    warnings: z.array(z.string()),
  })
  .meta({ id: "Schedule" });
export type ScheduleResource = z.infer<typeof ScheduleResource>;

export const ScheduleList = z.object({ schedules: z.array(ScheduleResource), cursor: z.string().optional() }).meta({ id: "ScheduleList" });
export type ScheduleList = z.infer<typeof ScheduleList>;

/** A tick, and what came of it. `late`: seconds from when it was due to when it was decided. */
export const TickResource = Tick.omit({ starts: true }).extend({ late: z.number() }).meta({ id: "Tick" });
export type TickResource = z.infer<typeof TickResource>;

export const TickList = z.object({ ticks: z.array(TickResource), cursor: z.string().optional() }).meta({ id: "TickList" });
export type TickList = z.infer<typeof TickList>;

/** `local`: what the clock of the schedule's time zone shows. */
export const NextTick = z.object({ due: Instant, local: z.string() }).meta({ id: "NextTick" });
export type NextTick = z.infer<typeof NextTick>;

export const NextTicks = z.object({ ticks: z.array(NextTick) }).meta({ id: "NextTicks" });
export type NextTicks = z.infer<typeof NextTicks>;

/** One schedule, with what comes next and what came last. */
export const ScheduleDetails = ScheduleResource.extend({
  /** Ten at the most; of a schedule that goes by the clock. */
  nextTicks: z.array(NextTick),
  lastTick: TickResource.optional(),
  /** The run of the newest tick that had one; without a status where it was not submitted. */
  lastRun: z.object({ runId: RunId, tick: z.string(), due: Instant, status: RunStatus.optional() }).optional(),
}).meta({ id: "ScheduleDetails" });
export type ScheduleDetails = z.infer<typeof ScheduleDetails>;
