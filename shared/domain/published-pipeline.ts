import { z } from "zod";
import { PlainText, PortName } from "./ids.ts";
import { PipelineParameter } from "./pipeline-parameter.ts";
import { Caller, Instant, Properties, Tags } from "./run-documents.ts";

/** Any GUID, as in v1, so that callers may keep the ids they know. */
export const PipelineId = z.guid("a pipeline id is a GUID").toLowerCase().brand<"PipelineId">();
export type PipelineId = z.infer<typeof PipelineId>;

/** Names an immutable graph by its content: sha256 of its JSON, 64 lower-case hexadecimal digits. */
export const GraphId = z.string().regex(/^[0-9a-f]{64}$/);
export type GraphId = z.infer<typeof GraphId>;

/** Shown name of a published pipeline or a draft; need not be unique. */
export const PipelineName = PlainText.min(1).max(255);

/** A pipeline as it was published: its graph never changes, what is said of it may. */
export const PublishedPipeline = z.strictObject({
  id: PipelineId,
  name: PipelineName,
  description: PlainText.max(4096).optional(),
  /** Free text, as in v1. */
  version: PlainText.max(255).optional(),
  status: z.enum(["Active", "Disabled"]),
  graphId: GraphId,
  /** As the graph declares them. */
  parameters: z.record(PortName, PipelineParameter),
  stepCount: z.int(),
  /** Of its runs, unless the submit says otherwise. */
  continueOnStepFailure: z.boolean(),
  tags: Tags,
  properties: Properties,
  createdAt: Instant,
  createdBy: Caller,
  modifiedAt: Instant,
  /** Nobody finds it any more. */
  deletedAt: Instant.optional(),
});
export type PublishedPipeline = z.infer<typeof PublishedPipeline>;
