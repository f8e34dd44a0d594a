import { z } from "zod";
import { PipelineDraft } from "../domain/pipeline-draft.ts";
import { EndpointVersion, PipelineEndpoint } from "../domain/pipeline-endpoint.ts";
import { PipelineGraph } from "../domain/pipeline-graph.ts";
import { PipelineId, PublishedPipeline } from "../domain/published-pipeline.ts";

/** A published pipeline as lists show it. */
export const PublishedPipelineResource = PublishedPipeline.omit({ deletedAt: true }).meta({ id: "PublishedPipeline" });
export type PublishedPipelineResource = z.infer<typeof PublishedPipelineResource>;

export const PublishedPipelineWithGraph = PublishedPipelineResource.extend({ pipeline: PipelineGraph }).meta({
  id: "PublishedPipelineWithGraph",
});
export type PublishedPipelineWithGraph = z.infer<typeof PublishedPipelineWithGraph>;

export const PipelineEndpointResource = PipelineEndpoint.extend({
  versions: z.array(z.object({ version: EndpointVersion, pipelineId: PipelineId })),
}).meta({ id: "PipelineEndpoint" });
export type PipelineEndpointResource = z.infer<typeof PipelineEndpointResource>;

/** A draft as lists show it. */
export const PipelineDraftResource = PipelineDraft.omit({ deletedAt: true }).meta({ id: "PipelineDraft" });
export type PipelineDraftResource = z.infer<typeof PipelineDraftResource>;

export const PipelineDraftWithGraph = PipelineDraftResource.extend({ pipeline: PipelineGraph }).meta({ id: "PipelineDraftWithGraph" });
export type PipelineDraftWithGraph = z.infer<typeof PipelineDraftWithGraph>;

export const PublishedPipelineList = z
  .object({ pipelines: z.array(PublishedPipelineResource), cursor: z.string().optional() })
  .meta({ id: "PublishedPipelineList" });
export type PublishedPipelineList = z.infer<typeof PublishedPipelineList>;

export const PipelineEndpointList = z
  .object({ endpoints: z.array(PipelineEndpointResource), cursor: z.string().optional() })
  .meta({ id: "PipelineEndpointList" });
export type PipelineEndpointList = z.infer<typeof PipelineEndpointList>;

export const PipelineDraftList = z
  .object({ drafts: z.array(PipelineDraftResource), cursor: z.string().optional() })
  .meta({ id: "PipelineDraftList" });
export type PipelineDraftList = z.infer<typeof PipelineDraftList>;
