import { z } from "zod";
import { RelativePath } from "../../domain/ids.ts";
import { PipelineEndpointId } from "../../domain/pipeline-endpoint.ts";
import { PipelineId } from "../../domain/published-pipeline.ts";
import { ScheduleId } from "../../domain/schedules/schedule.ts";
import { Tick, TickKey } from "../../domain/schedules/tick.ts";
import { paging, queryFlag } from "../list-query.ts";
import { submitHeaders } from "../requests.ts";
import { route } from "../route.ts";
import { CreateScheduleRequest, PatchScheduleRequest, PreviewScheduleRequest } from "../schedule-requests.ts";
import { NextTicks, ScheduleDetails, ScheduleList, ScheduleResource, TickList, TickResource } from "../schedule-resources.ts";

const params = z.object({ scheduleId: ScheduleId });

export const createSchedule = route({
  name: "createSchedule",
  method: "POST",
  path: "api/schedules",
  summary: "Makes a schedule; a recurrence without a start time has its first run at once",
  role: "Author",
  submits: true,
  body: CreateScheduleRequest,
  replies: { 201: ScheduleResource },
});

export const previewSchedule = route({
  name: "previewSchedule",
  method: "POST",
  path: "api/schedules:preview",
  summary: "Tells the next ticks that a trigger would have, or what is wrong with it",
  role: "Reader",
  body: PreviewScheduleRequest,
  replies: { 200: NextTicks },
});

export const listSchedules = route({
  name: "listSchedules",
  method: "GET",
  path: "api/schedules",
  summary: "Lists schedules, newest first; disabled ones only where asked for",
  role: "Reader",
  query: z.object({
    includeDisabled: queryFlag.default("false"),
    pipelineId: PipelineId.optional(),
    pipelineEndpointId: PipelineEndpointId.optional(),
    ...paging,
  }),
  replies: { 200: ScheduleList },
});

export const getSchedule = route({
  name: "getSchedule",
  method: "GET",
  path: "api/schedules/{scheduleId}",
  summary: "Shows a schedule with its next ticks, its last tick and its last run",
  role: "Reader",
  params,
  replies: { 200: ScheduleDetails },
});

export const patchSchedule = route({
  name: "patchSchedule",
  method: "PATCH",
  path: "api/schedules/{scheduleId}",
  summary: "Changes a schedule; another trigger counts anew from now",
  role: "Author",
  submits: true,
  params,
  body: PatchScheduleRequest,
  replies: { 200: ScheduleResource },
});

export const enableSchedule = route({
  name: "enableSchedule",
  method: "POST",
  path: "api/schedules/{scheduleId}/enable",
  summary: "Lets a schedule run from now on; ticks of the pause are not made up for",
  role: "Author",
  params,
  replies: { 200: ScheduleResource },
});

export const disableSchedule = route({
  name: "disableSchedule",
  method: "POST",
  path: "api/schedules/{scheduleId}/disable",
  summary: "Lets a schedule start no more runs; runs under way go on",
  role: "Author",
  submits: true,
  params,
  replies: { 200: ScheduleResource },
});

export const deleteSchedule = route({
  name: "deleteSchedule",
  method: "DELETE",
  path: "api/schedules/{scheduleId}",
  summary: "Deletes a schedule that is disabled; its runs stay",
  role: "Admin",
  params,
  replies: { 204: undefined },
});

export const testSchedule = route({
  name: "testSchedule",
  method: "POST",
  path: "api/schedules/{scheduleId}/test",
  summary: "Runs the pipeline of a schedule now as a tick would, also of a disabled one",
  role: "Submitter",
  submits: true,
  headers: submitHeaders,
  params,
  query: z.object({ path: RelativePath.optional() }),
  replies: { 200: TickResource },
});

export const listTicks = route({
  name: "listTicks",
  method: "GET",
  path: "api/schedules/{scheduleId}/ticks",
  summary: "Lists the ticks of a schedule, newest first, each with what it started or why not",
  role: "Reader",
  params,
  query: z.object({ status: Tick.shape.status.optional(), limit: paging.limit, cursor: TickKey.optional() }),
  replies: { 200: TickList },
});
