import { z } from "zod";
import { PipelineId, PipelineName } from "../../domain/published-pipeline.ts";
import { paging, queryFlag } from "../list-query.ts";
import { PatchPublishedPipelineRequest, PublishPipelineRequest, SubmitPublishedPipelineRequest } from "../pipeline-requests.ts";
import { PublishedPipelineList, PublishedPipelineResource, PublishedPipelineWithGraph } from "../pipeline-resources.ts";
import { SUBMIT_BODY_BYTES, submitHeaders } from "../requests.ts";
import { RunResource } from "../resources.ts";
import { route } from "../route.ts";

const params = z.object({ pipelineId: PipelineId });

export const publishPipeline = route({
  name: "publishPipeline",
  method: "POST",
  path: "api/published-pipelines",
  summary: "Publishes a graph, what a run ran, or a draft",
  role: "Author",
  checksPipeline: true,
  body: PublishPipelineRequest,
  maxBodyBytes: SUBMIT_BODY_BYTES,
  replies: { 201: PublishedPipelineResource },
});

export const listPublishedPipelines = route({
  name: "listPublishedPipelines",
  method: "GET",
  path: "api/published-pipelines",
  summary: "Lists published pipelines, newest first; disabled ones only where asked for",
  role: "Reader",
  query: z.object({ name: PipelineName.optional(), includeDisabled: queryFlag.default("false"), ...paging }),
  replies: { 200: PublishedPipelineList },
});

export const getPublishedPipeline = route({
  name: "getPublishedPipeline",
  method: "GET",
  path: "api/published-pipelines/{pipelineId}",
  summary: "Shows a published pipeline with its graph",
  role: "Reader",
  params,
  replies: { 200: PublishedPipelineWithGraph },
});

export const patchPublishedPipeline = route({
  name: "patchPublishedPipeline",
  method: "PATCH",
  path: "api/published-pipelines/{pipelineId}",
  summary: "Changes what is said of a published pipeline; its graph never changes",
  role: "Author",
  params,
  body: PatchPublishedPipelineRequest,
  replies: { 200: PublishedPipelineResource },
});

export const deletePublishedPipeline = route({
  name: "deletePublishedPipeline",
  method: "DELETE",
  path: "api/published-pipelines/{pipelineId}",
  summary: "Deletes a published pipeline that nothing refers to; its runs stay",
  role: "Admin",
  params,
  replies: { 204: undefined },
});

export const enablePublishedPipeline = route({
  name: "enablePublishedPipeline",
  method: "POST",
  path: "api/published-pipelines/{pipelineId}/enable",
  summary: "Lets a published pipeline run again; one that may stays as it is",
  role: "Author",
  params,
  replies: { 200: PublishedPipelineResource },
});

export const disablePublishedPipeline = route({
  name: "disablePublishedPipeline",
  method: "POST",
  path: "api/published-pipelines/{pipelineId}/disable",
  summary: "Hides a published pipeline from lists and lets it run no more; runs under way go on",
  role: "Author",
  params,
  replies: { 200: PublishedPipelineResource },
});

export const submitPublishedPipeline = route({
  name: "submitPublishedPipeline",
  method: "POST",
  path: "api/published-pipelines/{pipelineId}/runs",
  summary: "Runs a published pipeline",
  role: "Submitter",
  submits: true,
  checksPipeline: true,
  headers: submitHeaders,
  params,
  body: SubmitPublishedPipelineRequest,
  replies: { 202: RunResource },
});
