import { z } from "zod";
import { ArtifactPath, RunId } from "../../domain/ids.ts";
import { MetricBatch } from "../../domain/metrics.ts";
import { queryNumber } from "../query-number.ts";
import { CreateChildRunRequest, EndRunRequest } from "../requests.ts";
import { FileList, FileResource, MetricList, RunResource } from "../resources.ts";
import { route } from "../route.ts";

const runParams = z.object({ runId: RunId });

export const listMetrics = route({
  name: "listMetrics",
  method: "GET",
  path: "api/runs/{runId}/metrics",
  summary: "Shows what a run of any kind logged, in order",
  role: "Reader",
  stepToken: true,
  params: runParams,
  query: z.object({ name: z.string().max(255).optional() }),
  replies: { 200: MetricList },
});

export const logMetrics = route({
  name: "logMetrics",
  method: "POST",
  path: "api/runs/{runId}/metrics",
  summary: "Stores a batch of metrics; the same batch again changes nothing",
  role: "Submitter",
  stepToken: true,
  params: runParams,
  body: MetricBatch,
  replies: { 204: undefined },
});

export const listArtifacts = route({
  name: "listArtifacts",
  method: "GET",
  path: "api/runs/{runId}/artifacts",
  summary: "Lists the files a run left: what its script uploaded, and its ./outputs and ./logs",
  role: "Reader",
  stepToken: true,
  params: runParams,
  query: z.object({
    prefix: z.string().max(1024).optional(),
    cursor: z.string().max(1100).optional(),
    limit: queryNumber(z.number().int().min(1).max(1000)).default(1000),
  }),
  replies: { 200: FileList },
});

export const getArtifact = route({
  name: "getArtifact",
  method: "GET",
  path: "api/runs/{runId}/artifacts/content",
  summary: "Reads one artifact; honours one byte range",
  role: "Reader",
  stepToken: true,
  params: runParams,
  query: z.object({ path: ArtifactPath }),
  headers: z.object({ range: z.string().max(1024).optional() }),
  replies: { 200: "bytes", 206: "bytes" },
});

export const putArtifact = route({
  name: "putArtifact",
  method: "PUT",
  path: "api/runs/{runId}/artifacts/content",
  summary: "Stores one artifact of a run; larger ones go by uploads",
  role: "Submitter",
  stepToken: true,
  params: runParams,
  query: z.object({ path: ArtifactPath }),
  body: "bytes",
  maxBodyBytes: 100 * 1024 * 1024,
  replies: { 200: FileResource },
});

/** Which try of a step; absent: the last. Counts from 1. */
const attempt = queryNumber(z.number().int().min(1).max(1000)).optional();

export const listLogs = route({
  name: "listLogs",
  method: "GET",
  path: "api/runs/{runId}/logs",
  summary: "Lists the log files of a step run, of its last attempt unless another is asked for",
  role: "Reader",
  params: runParams,
  query: z.object({ attempt }),
  replies: { 200: FileList },
});

export const getLog = route({
  name: "getLog",
  method: "GET",
  path: "api/runs/{runId}/logs/content",
  summary: "Reads a log from a byte on (1 MiB at most); waits for more when asked. Header x-log-complete: true says that no more will come",
  role: "Reader",
  params: runParams,
  query: z.object({
    path: ArtifactPath,
    attempt,
    /** First byte; a negative number counts from the end. */
    from: queryNumber(z.number().int()).default(0),
    waitSeconds: queryNumber(z.number().min(0).max(25)).default(0),
  }),
  replies: { 200: "bytes" },
  bytesType: "text/plain",
});

export const createChildRun = route({
  name: "createChildRun",
  method: "POST",
  path: "api/runs/{runId}/children",
  summary: "Makes a run below a step run or child run, for a script's own bookkeeping",
  role: "Submitter",
  stepToken: true,
  params: runParams,
  body: CreateChildRunRequest,
  replies: { 201: RunResource },
});

export const listChildRuns = route({
  name: "listChildRuns",
  method: "GET",
  path: "api/runs/{runId}/children",
  summary: "Lists the runs a script made below its own",
  role: "Reader",
  stepToken: true,
  params: runParams,
  replies: { 200: z.object({ runs: z.array(RunResource) }) },
});

export const endRun = route({
  name: "endRun",
  method: "POST",
  path: "api/runs/{runId}/end",
  summary: "Says how a script's own run or child run ended; a step run that ends so as Failed fails whatever its exit code",
  role: "Submitter",
  stepToken: true,
  params: runParams,
  body: EndRunRequest,
  replies: { 200: RunResource },
});
