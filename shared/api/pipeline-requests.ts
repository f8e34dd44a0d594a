import { z } from "zod";
import { AssetName, ExperimentName, PlainText, PortName, RunId } from "../domain/ids.ts";
import { PipelineDraftId } from "../domain/pipeline-draft.ts";
import { EndpointVersion, PipelineEndpointId } from "../domain/pipeline-endpoint.ts";
import { PipelineGraph } from "../domain/pipeline-graph.ts";
import { GivenValue } from "../domain/pipeline-parameter.ts";
import { PipelineId, PipelineName } from "../domain/published-pipeline.ts";
import { Properties, Tags } from "../domain/run-documents.ts";
import { submitOptions } from "./requests.ts";

const description = PlainText.max(4096);
const parameters = z.record(PortName, GivenValue);

/** What is published or made a draft of: exactly one of them. */
const sources = {
  pipeline: PipelineGraph.optional(),
  /** The graph that a pipeline run ran. */
  runId: RunId.optional(),
  draftId: PipelineDraftId.optional(),
};

/** Body of `POST /api/published-pipelines`. */
export const PublishPipelineRequest = z
  .strictObject({
    ...sources,
    /** Absent: the name of what is published. */
    name: PipelineName.optional(),
    description: description.optional(),
    version: PlainText.max(255).optional(),
    /** Takes over the id that callers of an earlier workspace have; absent: a new one. */
    id: PipelineId.optional(),
    /** Absent: as the run or draft has it, else false. */
    continueOnStepFailure: z.boolean().optional(),
    tags: Tags.default({}),
    properties: Properties.default({}),
  })
  .meta({ id: "PublishPipelineRequest" });
export type PublishPipelineRequest = z.infer<typeof PublishPipelineRequest>;

/** Body of `POST /api/pipeline-drafts/{draftId}/publish`. */
export const PublishDraftRequest = PublishPipelineRequest.omit({ pipeline: true, runId: true, draftId: true }).meta({
  id: "PublishDraftRequest",
});

/** Body of `PATCH /api/published-pipelines/{pipelineId}`. `tags`, where given, are all the tags afterwards. */
export const PatchPublishedPipelineRequest = z
  .strictObject({ name: PipelineName.optional(), description: description.optional(), tags: Tags.optional() })
  .meta({ id: "PatchPublishedPipelineRequest" });
export type PatchPublishedPipelineRequest = z.infer<typeof PatchPublishedPipelineRequest>;

/** Body of `POST /api/published-pipelines/{pipelineId}/runs`. */
export const SubmitPublishedPipelineRequest = z
  .strictObject({
    ...submitOptions,
    /** Absent: made from the pipeline's name. */
    experimentName: ExperimentName.optional(),
    /** Absent: as the pipeline was published. */
    continueOnStepFailure: z.boolean().optional(),
  })
  .meta({ id: "SubmitPublishedPipelineRequest" });
export type SubmitPublishedPipelineRequest = z.infer<typeof SubmitPublishedPipelineRequest>;

/** Body of `POST /api/pipeline-endpoints/{idOrName}/runs`. */
export const SubmitPipelineEndpointRequest = SubmitPublishedPipelineRequest.extend({
  /** Absent: the endpoint's default. */
  version: EndpointVersion.optional(),
}).meta({ id: "SubmitPipelineEndpointRequest" });
export type SubmitPipelineEndpointRequest = z.infer<typeof SubmitPipelineEndpointRequest>;

/** Body of `POST /api/pipeline-drafts/{draftId}/runs`. */
export const SubmitPipelineDraftRequest = SubmitPublishedPipelineRequest.meta({ id: "SubmitPipelineDraftRequest" });

/** Body of `POST /api/pipeline-endpoints`: `pipelineId` becomes version "0" and the default. */
export const CreatePipelineEndpointRequest = z
  .strictObject({
    name: AssetName,
    description: description.optional(),
    pipelineId: PipelineId,
    /** Takes over the id that callers of an earlier workspace have; absent: a new one. */
    id: PipelineEndpointId.optional(),
    tags: Tags.default({}),
    properties: Properties.default({}),
  })
  .meta({ id: "CreatePipelineEndpointRequest" });
export type CreatePipelineEndpointRequest = z.infer<typeof CreatePipelineEndpointRequest>;

/** Body of `PATCH /api/pipeline-endpoints/{idOrName}`. `tags`, where given, are all the tags afterwards. */
export const PatchPipelineEndpointRequest = z
  .strictObject({
    name: AssetName.optional(),
    description: description.optional(),
    defaultVersion: EndpointVersion.optional(),
    tags: Tags.optional(),
  })
  .meta({ id: "PatchPipelineEndpointRequest" });
export type PatchPipelineEndpointRequest = z.infer<typeof PatchPipelineEndpointRequest>;

/** Body of `POST /api/pipeline-endpoints/{idOrName}/versions`. A pipeline that is a version already adds none. */
export const AddEndpointVersionRequest = z
  .strictObject({ pipelineId: PipelineId, setDefault: z.boolean().default(false) })
  .meta({ id: "AddEndpointVersionRequest" });
export type AddEndpointVersionRequest = z.infer<typeof AddEndpointVersionRequest>;

/** Body of `POST /api/pipeline-drafts`. What is not said is as the run, published pipeline or draft has it. */
export const CreatePipelineDraftRequest = z
  .strictObject({
    ...sources,
    pipelineId: PipelineId.optional(),
    name: PipelineName.optional(),
    description: description.optional(),
    experimentName: ExperimentName.optional(),
    parameters: parameters.optional(),
    continueOnStepFailure: z.boolean().optional(),
    tags: Tags.default({}),
    properties: Properties.default({}),
  })
  .meta({ id: "CreatePipelineDraftRequest" });
export type CreatePipelineDraftRequest = z.infer<typeof CreatePipelineDraftRequest>;

/** Body of `PATCH /api/pipeline-drafts/{draftId}`. What is given replaces what was there, whole. */
export const PatchPipelineDraftRequest = z
  .strictObject({
    pipeline: PipelineGraph.optional(),
    name: PipelineName.optional(),
    description: description.optional(),
    experimentName: ExperimentName.optional(),
    parameters: parameters.optional(),
    continueOnStepFailure: z.boolean().optional(),
    tags: Tags.optional(),
    properties: Properties.optional(),
  })
  .meta({ id: "PatchPipelineDraftRequest" });
export type PatchPipelineDraftRequest = z.infer<typeof PatchPipelineDraftRequest>;
