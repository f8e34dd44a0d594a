import type { PipelineStore } from "../../ports/pipeline-store.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import type { SubmitPublishedPipelineDeps } from "../submit-published-pipeline.ts";
import { createSchedule } from "./create-schedule.ts";
import { deleteSchedule, patchSchedule, setScheduleStatus } from "./edit-schedule.ts";
import type { FireScheduleDeps } from "./fire-schedule.ts";
import { lookAtSchedules, type ScheduleLooks } from "./look-at-schedules.ts";
import { noteBlobCreated } from "./note-blob-created.ts";
import { submitScheduled } from "./submit-scheduled.ts";
import { testSchedule } from "./test-schedule.ts";
import { getSchedule, listSchedules, listTicks, previewSchedule } from "./view-schedules.ts";

export interface ScheduleServicesDeps extends SubmitPublishedPipelineDeps, Omit<FireScheduleDeps, "store" | "submitScheduled"> {
  schedules: ScheduleStore;
  pipelines: PipelineStore;
  /** Of the process, since it remembers how far looks have come. */
  looks: ScheduleLooks;
  lookbackMs: number;
}

/** Schedules: what makes, changes and shows them, and what makes them run. */
export function createScheduleServices({ schedules, ...others }: ScheduleServicesDeps) {
  const deps = { ...others, store: schedules, submitScheduled: submitScheduled(others) };
  return {
    createSchedule: createSchedule(deps),
    previewSchedule: previewSchedule(deps),
    listSchedules: listSchedules(deps),
    getSchedule: getSchedule(deps),
    patchSchedule: patchSchedule(deps),
    setScheduleStatus: setScheduleStatus(deps),
    deleteSchedule: deleteSchedule(deps),
    testSchedule: testSchedule(deps),
    listTicks: listTicks(deps),
    lookAtSchedules: lookAtSchedules(deps),
    noteBlobCreated: noteBlobCreated(deps),
  };
}
