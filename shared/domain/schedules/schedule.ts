import { z } from "zod";
import { ExperimentName, PlainText, PortName, RunId } from "../ids.ts";
import { PipelineEndpointId } from "../pipeline-endpoint.ts";
import { GivenValue } from "../pipeline-parameter.ts";
import { PipelineId } from "../published-pipeline.ts";
import { Caller, Instant } from "../run-documents.ts";
import { TickKey } from "./tick.ts";
import { Trigger } from "./trigger.ts";

/** Any GUID, as in v1. */
export const ScheduleId = z.guid("a schedule id is a GUID").toLowerCase().brand<"ScheduleId">();
export type ScheduleId = z.infer<typeof ScheduleId>;

/** What happens to ticks that fell into a time when nothing ran. */
export const MissedPolicy = z.enum(["latest", "all", "none"]);
/** What happens to a tick while the run of an earlier one is still going. */
export const OverlapPolicy = z.enum(["allow", "skip"]);

export const Policy = z.strictObject({
  /** `latest`: the newest of them runs; `all`: each does, the newest hundred at the most; `none`: none does. What does not run is recorded as missed. */
  missed: MissedPolicy.default("latest"),
  /** `allow`: they run side by side, as in v1; `skip`: the tick is recorded as skipped. */
  overlap: OverlapPolicy.default("allow"),
});
export type Policy = z.infer<typeof Policy>;

/** What an author says of a schedule. Exactly one of `pipelineId` and `pipelineEndpointId` is there. */
export const ScheduleDefinition = z.strictObject({
  name: PlainText.min(1).max(255),
  description: PlainText.max(4096).optional(),
  pipelineId: PipelineId.optional(),
  /** Runs the version that is its default at the time of the tick. */
  pipelineEndpointId: PipelineEndpointId.optional(),
  experimentName: ExperimentName,
  /** Values of pipeline parameters that differ from their defaults. */
  parameters: z.record(PortName, GivenValue).default({}),
  /** Absent: as the pipeline was published. */
  continueOnStepFailure: z.boolean().optional(),
  trigger: Trigger,
  policy: Policy.default({ missed: "latest", overlap: "allow" }),
});
export type ScheduleDefinition = z.infer<typeof ScheduleDefinition>;

/** Changes that wait for nothing else to change. `tick` is the run that they will have. */
export const Settling = z.strictObject({ tick: TickKey, runId: RunId, lastChangeAt: Instant });
export type Settling = z.infer<typeof Settling>;

/** How the last poll went. `beyond`: the folder holds more blobs than one looks at; `failure`: why it could not look. */
export const Poll = z.strictObject({ at: Instant, looked: z.int(), beyond: z.boolean(), failure: z.string().optional() });
export type Poll = z.infer<typeof Poll>;

/** A schedule as it is kept: what its author said, and where it stands. Moved by compare-and-swap. */
export const Schedule = z.strictObject({
  id: ScheduleId,
  ...ScheduleDefinition.shape,
  status: z.enum(["Active", "Disabled"]),
  createdAt: Instant,
  createdBy: Caller,
  modifiedAt: Instant,
  /** Nobody finds it any more. */
  deletedAt: Instant.optional(),
  /** What intervals are counted from: the start time, or when the trigger was made or changed. */
  anchor: Instant,
  /** What changed in a datastore before this, while the schedule was not there or disabled, is none of its business. */
  watchingSince: Instant,
  /** When it is to be looked at next: a tick is due, a poll, or a settling time is over. Absent: never, or while it is disabled. */
  nextDue: Instant.optional(),
  /** {@link dueBucket} of `nextDue`, or empty: stores filter by equality. */
  dueBucket: z.string(),
  /** Whether it is active and waits for changes of blobs; beside the trigger for the same reason. */
  watching: z.boolean(),
  /** When the next poll is due. */
  nextPoll: Instant.optional(),
  poll: Poll.optional(),
  settling: Settling.optional(),
  /** Changes that have settled and whose run is being started. */
  settled: Settling.optional(),
  /** Where overlapping ticks are skipped: the last tick that was let run. */
  lastTaken: z.strictObject({ tick: TickKey, runId: RunId, at: Instant }).optional(),
});
export type Schedule = z.infer<typeof Schedule>;

/** Schedules that are due within the same minute lie in one bucket, which is named by it (UTC). */
export function dueBucket(instant: number): string {
  return new Date(instant).toISOString().slice(0, 16);
}

/** The schedule with another time to look at it. */
export function dueAt(schedule: Schedule, due: number | undefined): Schedule {
  const { nextDue: _before, ...rest } = schedule;
  return due === undefined ? { ...rest, dueBucket: "" } : { ...rest, nextDue: iso(due), dueBucket: dueBucket(due) };
}

export function iso(instant: number): string {
  return new Date(instant).toISOString();
}
