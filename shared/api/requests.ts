import { z } from "zod";
import { EnvironmentSpec } from "../domain/environment.ts";
import { CatalogName, ExperimentName, PlainText, PortName, RelativePath, Sha256 } from "../domain/ids.ts";
import { ParameterValue, PipelineGraph } from "../domain/pipeline-graph.ts";
import { Properties, Tags } from "../domain/run-documents.ts";

/** Body of `POST /api/runs`. Send an `Idempotency-Key` header, and sending again finds the run of the first time. */
export const SubmitRunRequest = z
  .strictObject({
    experimentName: ExperimentName,
    displayName: PlainText.min(1).max(255).optional(),
    description: z.string().max(4096).optional(),
    pipeline: PipelineGraph,
    /** Values of pipeline parameters that differ from their defaults. */
    parameters: z.record(PortName, ParameterValue).default({}),
    tags: Tags.default({}),
    /** Written once: a client puts the git properties here. */
    properties: Properties.default({}),
    continueOnStepFailure: z.boolean().default(false),
    /** Runs every step anew; its results may serve later runs. */
    regenerateOutputs: z.boolean().default(false),
    /** What the client found worth saying (things of v1 that have no effect here); shown on the run. */
    warnings: z.array(z.string().max(2048)).max(100).default([]),
  })
  .meta({ id: "SubmitRunRequest" });
export type SubmitRunRequest = z.infer<typeof SubmitRunRequest>;
export type SubmitRunBody = z.input<typeof SubmitRunRequest>;

/** Body of `PATCH /api/runs/{runId}`: a tag with value null is a bare tag; `removeTags` takes tags away. A property set before with another value is a 409. */
export const PatchRunRequest = z
  .strictObject({
    tags: Tags.default({}),
    removeTags: z.array(z.string().max(255)).max(1000).default([]),
    properties: Properties.default({}),
  })
  .meta({ id: "PatchRunRequest" });
export type PatchRunRequest = z.infer<typeof PatchRunRequest>;

export const CreateChildRunRequest = z
  .strictObject({ name: PlainText.min(1).max(255).optional(), tags: Tags.default({}) })
  .meta({ id: "CreateChildRunRequest" });
export type CreateChildRunRequest = z.infer<typeof CreateChildRunRequest>;

/** Body of `POST /api/runs/{runId}/end`: how a script ends its own run or a child of it. */
export const EndRunRequest = z
  .strictObject({ status: z.enum(["Completed", "Failed", "Canceled"]), error: z.string().max(8192).optional() })
  .meta({ id: "EndRunRequest" });
export type EndRunRequest = z.infer<typeof EndRunRequest>;

/** Files that a client wants in a datastore; the answer lists those that are not there with these bytes. */
export const CheckFilesRequest = z
  .strictObject({
    files: z
      .array(z.strictObject({ path: RelativePath, size: z.int().nonnegative(), sha256: Sha256 }))
      .min(1)
      .max(10_000),
  })
  .meta({ id: "CheckFilesRequest" });
export type CheckFilesRequest = z.infer<typeof CheckFilesRequest>;

export const PutComputeRequest = z
  .strictObject({ kind: z.literal("AmlCompute"), target: CatalogName, description: z.string().max(1024).optional() })
  .meta({ id: "PutComputeRequest" });
export const PutDatastoreRequest = z
  .strictObject({ kind: z.literal("AzureBlob"), container: CatalogName, description: z.string().max(1024).optional() })
  .meta({ id: "PutDatastoreRequest" });
export const PutEnvironmentRequest = z
  .strictObject({ spec: EnvironmentSpec, description: z.string().max(1024).optional() })
  .meta({ id: "PutEnvironmentRequest" });
