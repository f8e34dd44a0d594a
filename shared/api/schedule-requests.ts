import { z } from "zod";
import { PlainText } from "../domain/ids.ts";
import { MissedPolicy, OverlapPolicy, ScheduleDefinition, ScheduleId } from "../domain/schedules/schedule.ts";
import { Trigger } from "../domain/schedules/trigger.ts";

const status = z.enum(["Active", "Disabled"]);

/** Body of `POST /api/schedules`. */
export const CreateScheduleRequest = z
  .strictObject({
    /** Takes over the id that a schedule had elsewhere; absent: a new one. */
    id: ScheduleId.optional(),
    ...ScheduleDefinition.shape,
    status: status.default("Active"),
  })
  .meta({ id: "CreateScheduleRequest" });
export type CreateScheduleRequest = z.infer<typeof CreateScheduleRequest>;

const { name, pipelineId, pipelineEndpointId, experimentName, parameters } = ScheduleDefinition.shape;

/** Body of `PATCH /api/schedules/{scheduleId}`: what is absent stays, and null takes away. `trigger` and `parameters` are replaced whole. */
export const PatchScheduleRequest = z
  .strictObject({
    name: name.optional(),
    description: PlainText.max(4096).nullable().optional(),
    /** Takes the place of an endpoint. */
    pipelineId,
    /** Takes the place of a pipeline. */
    pipelineEndpointId,
    experimentName: experimentName.optional(),
    parameters: parameters.unwrap().optional(),
    continueOnStepFailure: z.boolean().nullable().optional(),
    trigger: Trigger.optional(),
    policy: z.strictObject({ missed: MissedPolicy.optional(), overlap: OverlapPolicy.optional() }).optional(),
    status: status.optional(),
  })
  .meta({ id: "PatchScheduleRequest" });
export type PatchScheduleRequest = z.infer<typeof PatchScheduleRequest>;

/** Ticks to come that are told at once at the most. */
export const MAX_PREVIEW = 100;

/** Body of `POST /api/schedules:preview`: a trigger that need not be a schedule's. */
export const PreviewScheduleRequest = z
  .strictObject({ trigger: Trigger, count: z.int().min(1).max(MAX_PREVIEW).default(10) })
  .meta({ id: "PreviewScheduleRequest" });
export type PreviewScheduleRequest = z.infer<typeof PreviewScheduleRequest>;
