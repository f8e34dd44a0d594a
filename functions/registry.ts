import type { OrchestrationHandler } from "durable-functions";
import type { Services } from "../shared/composition.ts";
import { advanceRun } from "./activities/advance-run.ts";
import { beginStep } from "./activities/begin-step.ts";
import { failRun } from "./activities/fail-run.ts";
import { failStep } from "./activities/fail-step.ts";
import { settleStep } from "./activities/settle-step.ts";
import { addEndpointVersion } from "./http/add-endpoint-version.ts";
import { archivePipelineEndpoint } from "./http/archive-pipeline-endpoint.ts";
import { cancelRun } from "./http/cancel-run.ts";
import { checkFiles } from "./http/check-files.ts";
import { commitUpload } from "./http/commit-upload.ts";
import { createChildRun } from "./http/create-child-run.ts";
import { createPipelineDraft } from "./http/create-pipeline-draft.ts";
import { createPipelineEndpoint } from "./http/create-pipeline-endpoint.ts";
import { createSchedule } from "./http/create-schedule.ts";
import { createSnapshot } from "./http/create-snapshot.ts";
import { createUpload } from "./http/create-upload.ts";
import { deletePipelineDraft } from "./http/delete-pipeline-draft.ts";
import { deletePublishedPipeline } from "./http/delete-published-pipeline.ts";
import { deleteSchedule } from "./http/delete-schedule.ts";
import { disablePipelineEndpoint } from "./http/disable-pipeline-endpoint.ts";
import { disablePublishedPipeline } from "./http/disable-published-pipeline.ts";
import { disableSchedule } from "./http/disable-schedule.ts";
import { enablePipelineEndpoint } from "./http/enable-pipeline-endpoint.ts";
import { enablePublishedPipeline } from "./http/enable-published-pipeline.ts";
import { enableSchedule } from "./http/enable-schedule.ts";
import { endRun } from "./http/end-run.ts";
import { forecastRun } from "./http/forecast-run.ts";
import { getArtifact } from "./http/get-artifact.ts";
import { getCompute } from "./http/get-compute.ts";
import { getDataset } from "./http/get-dataset.ts";
import { getDatastore } from "./http/get-datastore.ts";
import { getEnvironment } from "./http/get-environment.ts";
import { getFile } from "./http/get-file.ts";
import { getLog } from "./http/get-log.ts";
import { getOpenApi } from "./http/get-open-api.ts";
import { getPipelineDraft } from "./http/get-pipeline-draft.ts";
import { getPipelineEndpoint } from "./http/get-pipeline-endpoint.ts";
import { getPublishedPipeline } from "./http/get-published-pipeline.ts";
import { getRun } from "./http/get-run.ts";
import { getSchedule } from "./http/get-schedule.ts";
import { getSnapshot } from "./http/get-snapshot.ts";
import { getWorkspace } from "./http/get-workspace.ts";
import { listArtifacts } from "./http/list-artifacts.ts";
import { listChildRuns } from "./http/list-child-runs.ts";
import { listComputes } from "./http/list-computes.ts";
import { listDatasets } from "./http/list-datasets.ts";
import { listDatastores } from "./http/list-datastores.ts";
import { listEnvironments } from "./http/list-environments.ts";
import { listFiles } from "./http/list-files.ts";
import { listLogs } from "./http/list-logs.ts";
import { listMetrics } from "./http/list-metrics.ts";
import { listOutputs } from "./http/list-outputs.ts";
import { listPipelineDrafts } from "./http/list-pipeline-drafts.ts";
import { listPipelineEndpoints } from "./http/list-pipeline-endpoints.ts";
import { listPublishedPipelines } from "./http/list-published-pipelines.ts";
import { listRuns } from "./http/list-runs.ts";
import { listSchedules } from "./http/list-schedules.ts";
import { listSteps } from "./http/list-steps.ts";
import { listTicks } from "./http/list-ticks.ts";
import { logMetrics } from "./http/log-metrics.ts";
import { patchPipelineDraft } from "./http/patch-pipeline-draft.ts";
import { patchPipelineEndpoint } from "./http/patch-pipeline-endpoint.ts";
import { patchPublishedPipeline } from "./http/patch-published-pipeline.ts";
import { patchRun } from "./http/patch-run.ts";
import { patchSchedule } from "./http/patch-schedule.ts";
import { previewSchedule } from "./http/preview-schedule.ts";
import { publishPipeline } from "./http/publish-pipeline.ts";
import { publishPipelineDraft } from "./http/publish-pipeline-draft.ts";
import { putArtifact } from "./http/put-artifact.ts";
import { putCompute } from "./http/put-compute.ts";
import { putDatastore } from "./http/put-datastore.ts";
import { putEnvironment } from "./http/put-environment.ts";
import { putUploadPart } from "./http/put-upload-part.ts";
import { reactivatePipelineEndpoint } from "./http/reactivate-pipeline-endpoint.ts";
import { registerDataset } from "./http/register-dataset.ts";
import { resubmitRun } from "./http/resubmit-run.ts";
import { submitPipelineDraft } from "./http/submit-pipeline-draft.ts";
import { submitPipelineEndpoint } from "./http/submit-pipeline-endpoint.ts";
import { submitPublishedPipeline } from "./http/submit-published-pipeline.ts";
import { submitRun } from "./http/submit-run.ts";
import { testSchedule } from "./http/test-schedule.ts";
import type { BoundRoute } from "./http-route.ts";
import { logBugs } from "./log-bugs.ts";
import { pipelineRun } from "./orchestrators/pipeline-run.ts";
import { stepRun } from "./orchestrators/step-run.ts";
import { blobCreated } from "./triggers/blob-created.ts";
import { jobStatusChanged } from "./triggers/job-status-changed.ts";
import { RECONCILER_SCHEDULE, reconciler } from "./triggers/reconciler.ts";
import { SCHEDULER_SCHEDULE, scheduler } from "./triggers/scheduler.ts";

/** Every HTTP function. The host matches them in order of name; a test checks that none hides another. */
export const routes: readonly BoundRoute[] = [
  addEndpointVersion,
  archivePipelineEndpoint,
  cancelRun,
  checkFiles,
  commitUpload,
  createChildRun,
  createPipelineDraft,
  createPipelineEndpoint,
  createSchedule,
  createSnapshot,
  createUpload,
  deletePipelineDraft,
  deletePublishedPipeline,
  deleteSchedule,
  disablePipelineEndpoint,
  disablePublishedPipeline,
  disableSchedule,
  enablePipelineEndpoint,
  enablePublishedPipeline,
  enableSchedule,
  endRun,
  forecastRun,
  getArtifact,
  getCompute,
  getDataset,
  getDatastore,
  getEnvironment,
  getFile,
  getLog,
  getOpenApi,
  getPipelineDraft,
  getPipelineEndpoint,
  getPublishedPipeline,
  getRun,
  getSchedule,
  getSnapshot,
  getWorkspace,
  listArtifacts,
  listChildRuns,
  listComputes,
  listDatasets,
  listDatastores,
  listEnvironments,
  listFiles,
  listLogs,
  listMetrics,
  listOutputs,
  listPipelineDrafts,
  listPipelineEndpoints,
  listPublishedPipelines,
  listRuns,
  listSchedules,
  listSteps,
  listTicks,
  logMetrics,
  patchPipelineDraft,
  patchPipelineEndpoint,
  patchPublishedPipeline,
  patchRun,
  patchSchedule,
  previewSchedule,
  publishPipeline,
  publishPipelineDraft,
  putArtifact,
  putCompute,
  putDatastore,
  putEnvironment,
  putUploadPart,
  reactivatePipelineEndpoint,
  registerDataset,
  submitPipelineDraft,
  submitPipelineEndpoint,
  resubmitRun,
  submitPublishedPipeline,
  submitRun,
  testSchedule,
];

/** Those of them that start, wake or ask orchestrations. The others are spared a durable client, which the host would make for each request. */
export const durableRoutes: ReadonlySet<BoundRoute> = new Set([cancelRun, listSteps, ...routes.filter(({ route }) => route.submits)]);

/** By name, which is also what `callActivity` and `startNew` say. */
export const orchestrators: Readonly<Record<string, OrchestrationHandler>> = { pipelineRun, stepRun };

type Handler = (services: Services) => (input: unknown) => Promise<unknown>;
export const activities: Readonly<Record<string, Handler>> = Object.fromEntries(
  Object.entries({ advanceRun, beginStep, settleStep, failStep, failRun }).map(([name, handler]) => [name, logBugs(name, handler)]),
);

/** Event Grid triggers by name. */
export const eventTriggers: Readonly<Record<string, Handler>> = { blobCreated, jobStatusChanged };

/** Timer triggers by name, with their NCRONTAB expressions. */
export const timers: Readonly<Record<string, { schedule: string; handler: (services: Services) => () => Promise<void> }>> = {
  reconciler: { schedule: RECONCILER_SCHEDULE, handler: reconciler },
  scheduler: { schedule: SCHEDULER_SCHEDULE, handler: scheduler },
};
