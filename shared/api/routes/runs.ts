import { z } from "zod";
import { ExperimentName, RunId, StepKey } from "../../domain/ids.ts";
import { PipelineId } from "../../domain/published-pipeline.ts";
import { RunStatus } from "../../domain/statuses.ts";
import { queryNumber } from "../query-number.ts";
import { PatchRunRequest, ResubmitRunRequest, SUBMIT_BODY_BYTES, SubmitRunRequest, submitHeaders } from "../requests.ts";
import { ForecastResource, OutputList, RunList, RunResource, StepList } from "../resources.ts";
import { route } from "../route.ts";

const runParams = z.object({ runId: RunId });
/** `after` and `waitSeconds` make a GET wait (25 s at most) until the resource's revision is another. */
const longPoll = { after: z.string().max(255).optional(), waitSeconds: queryNumber(z.number().min(0).max(25)).default(0) };

export const submitRun = route({
  name: "submitRun",
  method: "POST",
  path: "api/runs",
  summary: "Submits a pipeline: stores the run, starts it and answers where to look",
  role: "Submitter",
  submits: true,
  checksPipeline: true,
  headers: submitHeaders,
  body: SubmitRunRequest,
  maxBodyBytes: SUBMIT_BODY_BYTES,
  replies: { 202: RunResource },
});

export const forecastRun = route({
  name: "forecastRun",
  method: "POST",
  path: "api/pipelines:forecast",
  summary: "Says what a submit would do: which steps take the results of earlier runs, and why the others run",
  role: "Submitter",
  checksPipeline: true,
  body: SubmitRunRequest,
  maxBodyBytes: SUBMIT_BODY_BYTES,
  replies: { 200: ForecastResource },
});

export const resubmitRun = route({
  name: "resubmitRun",
  method: "POST",
  path: "api/runs/{runId}/resubmit",
  summary: "Runs a pipeline run again from where it failed, or from chosen steps, as a new run that keeps what has completed",
  role: "Submitter",
  submits: true,
  checksPipeline: true,
  params: runParams,
  headers: submitHeaders,
  body: ResubmitRunRequest,
  replies: { 202: RunResource },
});

export const listRuns = route({
  name: "listRuns",
  method: "GET",
  path: "api/runs",
  summary: "Lists pipeline runs, newest first",
  role: "Reader",
  query: z.object({
    experimentName: ExperimentName.optional(),
    status: RunStatus.optional(),
    /** Only runs of this published pipeline. */
    pipelineId: PipelineId.optional(),
    limit: queryNumber(z.number().int().min(1).max(1000)).default(50),
    cursor: RunId.optional(),
  }),
  replies: { 200: RunList },
});

export const getRun = route({
  name: "getRun",
  method: "GET",
  path: "api/runs/{runId}",
  summary: "Shows one run of any kind",
  role: "Reader",
  stepToken: true,
  params: runParams,
  query: z.object(longPoll),
  replies: { 200: RunResource },
});

export const patchRun = route({
  name: "patchRun",
  method: "PATCH",
  path: "api/runs/{runId}",
  summary: "Sets tags, which may change, and properties, which may not",
  role: "Submitter",
  stepToken: true,
  params: runParams,
  body: PatchRunRequest,
  replies: { 200: RunResource },
});

export const cancelRun = route({
  name: "cancelRun",
  method: "POST",
  path: "api/runs/{runId}/cancel",
  summary: "Asks a pipeline run to stop; asking again changes nothing",
  role: "Submitter",
  params: runParams,
  replies: { 202: RunResource },
});

export const listSteps = route({
  name: "listSteps",
  method: "GET",
  path: "api/runs/{runId}/steps",
  summary: "Lists all steps of a pipeline run in the pipeline's order",
  role: "Reader",
  params: runParams,
  query: z.object(longPoll),
  replies: { 200: StepList },
});

export const listOutputs = route({
  name: "listOutputs",
  method: "GET",
  path: "api/runs/{runId}/outputs",
  summary: "Lists the declared outputs of a pipeline run's steps, or of one step run, with their files (1,000 each at most)",
  role: "Reader",
  params: runParams,
  query: z.object({ step: StepKey.optional() }),
  replies: { 200: OutputList },
});
