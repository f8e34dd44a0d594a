import { z } from "zod";
import { AssetName } from "../../domain/ids.ts";
import { PipelineEndpointId } from "../../domain/pipeline-endpoint.ts";
import { paging, queryFlag } from "../list-query.ts";
import {
  AddEndpointVersionRequest,
  CreatePipelineEndpointRequest,
  PatchPipelineEndpointRequest,
  SubmitPipelineEndpointRequest,
} from "../pipeline-requests.ts";
import { PipelineEndpointList, PipelineEndpointResource } from "../pipeline-resources.ts";
import { submitHeaders } from "../requests.ts";
import { RunResource } from "../resources.ts";
import { route } from "../route.ts";

const params = z.object({ idOrName: z.union([PipelineEndpointId, AssetName]) });

export const createPipelineEndpoint = route({
  name: "createPipelineEndpoint",
  method: "POST",
  path: "api/pipeline-endpoints",
  summary: 'Makes a pipeline endpoint of which a published pipeline is version "0"',
  role: "Author",
  body: CreatePipelineEndpointRequest,
  replies: { 201: PipelineEndpointResource },
});

export const listPipelineEndpoints = route({
  name: "listPipelineEndpoints",
  method: "GET",
  path: "api/pipeline-endpoints",
  summary: "Lists pipeline endpoints, newest first; disabled and archived ones only where asked for",
  role: "Reader",
  query: z.object({ includeDisabled: queryFlag.default("false"), ...paging }),
  replies: { 200: PipelineEndpointList },
});

export const getPipelineEndpoint = route({
  name: "getPipelineEndpoint",
  method: "GET",
  path: "api/pipeline-endpoints/{idOrName}",
  summary: "Shows a pipeline endpoint with its versions",
  role: "Reader",
  params,
  replies: { 200: PipelineEndpointResource },
});

export const patchPipelineEndpoint = route({
  name: "patchPipelineEndpoint",
  method: "PATCH",
  path: "api/pipeline-endpoints/{idOrName}",
  summary: "Changes name, description, default version or tags of a pipeline endpoint",
  role: "Author",
  params,
  body: PatchPipelineEndpointRequest,
  replies: { 200: PipelineEndpointResource },
});

export const addEndpointVersion = route({
  name: "addEndpointVersion",
  method: "POST",
  path: "api/pipeline-endpoints/{idOrName}/versions",
  summary: "Adds a published pipeline as the next version; one that is a version already adds none",
  role: "Author",
  params,
  body: AddEndpointVersionRequest,
  replies: { 200: PipelineEndpointResource },
});

export const enablePipelineEndpoint = route({
  name: "enablePipelineEndpoint",
  method: "POST",
  path: "api/pipeline-endpoints/{idOrName}/enable",
  summary: "Lets a disabled pipeline endpoint run again; one that may stays as it is",
  role: "Author",
  params,
  replies: { 200: PipelineEndpointResource },
});

export const disablePipelineEndpoint = route({
  name: "disablePipelineEndpoint",
  method: "POST",
  path: "api/pipeline-endpoints/{idOrName}/disable",
  summary: "Hides a pipeline endpoint from lists and lets it run no more",
  role: "Author",
  params,
  replies: { 200: PipelineEndpointResource },
});

export const archivePipelineEndpoint = route({
  name: "archivePipelineEndpoint",
  method: "POST",
  path: "api/pipeline-endpoints/{idOrName}/archive",
  summary: "Puts a pipeline endpoint away: it is hidden and runs no more until it is reactivated",
  role: "Author",
  params,
  replies: { 200: PipelineEndpointResource },
});

export const reactivatePipelineEndpoint = route({
  name: "reactivatePipelineEndpoint",
  method: "POST",
  path: "api/pipeline-endpoints/{idOrName}/reactivate",
  summary: "Takes an archived pipeline endpoint back",
  role: "Author",
  params,
  replies: { 200: PipelineEndpointResource },
});

export const submitPipelineEndpoint = route({
  name: "submitPipelineEndpoint",
  method: "POST",
  path: "api/pipeline-endpoints/{idOrName}/runs",
  summary: "Runs a version of a pipeline endpoint, the default unless one is named",
  role: "Submitter",
  submits: true,
  checksPipeline: true,
  headers: submitHeaders,
  params,
  body: SubmitPipelineEndpointRequest,
  replies: { 202: RunResource },
});
