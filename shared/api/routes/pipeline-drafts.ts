import { z } from "zod";
import { PipelineDraftId } from "../../domain/pipeline-draft.ts";
import { paging } from "../list-query.ts";
import {
  CreatePipelineDraftRequest,
  PatchPipelineDraftRequest,
  PublishDraftRequest,
  SubmitPipelineDraftRequest,
} from "../pipeline-requests.ts";
import { PipelineDraftList, PipelineDraftResource, PipelineDraftWithGraph, PublishedPipelineResource } from "../pipeline-resources.ts";
import { SUBMIT_BODY_BYTES, submitHeaders } from "../requests.ts";
import { RunResource } from "../resources.ts";
import { route } from "../route.ts";

const params = z.object({ draftId: PipelineDraftId });

export const createPipelineDraft = route({
  name: "createPipelineDraft",
  method: "POST",
  path: "api/pipeline-drafts",
  summary: "Makes a draft of a graph, or of what a run, published pipeline or draft has",
  role: "Author",
  body: CreatePipelineDraftRequest,
  maxBodyBytes: SUBMIT_BODY_BYTES,
  replies: { 201: PipelineDraftResource },
});

export const listPipelineDrafts = route({
  name: "listPipelineDrafts",
  method: "GET",
  path: "api/pipeline-drafts",
  summary: "Lists drafts, newest first; with a tag (name or name=value) only those that have it",
  role: "Reader",
  query: z.object({ tag: z.string().min(1).max(512).optional(), ...paging }),
  replies: { 200: PipelineDraftList },
});

export const getPipelineDraft = route({
  name: "getPipelineDraft",
  method: "GET",
  path: "api/pipeline-drafts/{draftId}",
  summary: "Shows a draft with its graph",
  role: "Reader",
  params,
  replies: { 200: PipelineDraftWithGraph },
});

export const patchPipelineDraft = route({
  name: "patchPipelineDraft",
  method: "PATCH",
  path: "api/pipeline-drafts/{draftId}",
  summary: "Changes a draft, its graph as well; runs and published pipelines made of it stay as they are",
  role: "Author",
  params,
  body: PatchPipelineDraftRequest,
  maxBodyBytes: SUBMIT_BODY_BYTES,
  replies: { 200: PipelineDraftResource },
});

export const deletePipelineDraft = route({
  name: "deletePipelineDraft",
  method: "DELETE",
  path: "api/pipeline-drafts/{draftId}",
  summary: "Deletes a draft; its runs and what was published from it stay",
  role: "Admin",
  params,
  replies: { 204: undefined },
});

export const submitPipelineDraft = route({
  name: "submitPipelineDraft",
  method: "POST",
  path: "api/pipeline-drafts/{draftId}/runs",
  summary: "Runs a draft as it is now",
  role: "Submitter",
  submits: true,
  checksPipeline: true,
  headers: submitHeaders,
  params,
  body: SubmitPipelineDraftRequest,
  replies: { 202: RunResource },
});

export const publishPipelineDraft = route({
  name: "publishPipelineDraft",
  method: "POST",
  path: "api/pipeline-drafts/{draftId}/publish",
  summary: "Publishes a draft, its values as defaults; as `draftId` in POST /api/published-pipelines",
  role: "Author",
  checksPipeline: true,
  params,
  body: PublishDraftRequest,
  replies: { 201: PublishedPipelineResource },
});
