import { z } from "zod";
import { DatasetId } from "../domain/dataset.ts";
import { EnvironmentSpec } from "../domain/environment.ts";
import { AssetName, CatalogName, ExperimentName, ParentRunId, PlainText, PortName, RelativePath, Sha256, StepKey } from "../domain/ids.ts";
import { MAX_STEPS, PipelineGraph } from "../domain/pipeline-graph.ts";
import { DataPath, GivenValue } from "../domain/pipeline-parameter.ts";
import { Properties, RunSource, Tags } from "../domain/run-documents.ts";

/** Bytes of a body that holds a graph at the most. */
export const SUBMIT_BODY_BYTES = 32 * 1024 * 1024;
/** Headers of every submit. */
export const submitHeaders = z.object({ "idempotency-key": z.string().min(1).max(255).optional() });

/** What every submit may say, whichever door it takes. */
export const submitOptions = {
  displayName: PlainText.min(1).max(255).optional(),
  description: z.string().max(4096).optional(),
  /** Values of pipeline parameters: those without a default must be there, the others where they differ from it. */
  parameters: z.record(PortName, GivenValue).default({}),
  tags: Tags.default({}),
  /** Tags that each step run gets. */
  stepTags: Tags.optional(),
  /** Written once: a client puts the git properties here. */
  properties: Properties.default({}),
  /** The run that asked for this one; shown, and not looked up. */
  parentRunId: ParentRunId.optional(),
  /** Where the run comes from; absent: the door it took. */
  runSource: RunSource.optional(),
  /** Every step runs, whatever earlier runs have; their results may serve later ones. */
  regenerateOutputs: z.boolean().optional(),
};

/** Body of `POST /api/runs`. Send an `Idempotency-Key` header, and sending again finds the run of the first time. */
export const SubmitRunRequest = z
  .strictObject({
    experimentName: ExperimentName,
    ...submitOptions,
    pipeline: PipelineGraph,
    continueOnStepFailure: z.boolean().default(false),
    /** What the client found worth saying (things of v1 that have no effect here); shown on the run. */
    warnings: z.array(z.string().max(2048)).max(100).default([]),
  })
  .meta({ id: "SubmitRunRequest" });
export type SubmitRunRequest = z.infer<typeof SubmitRunRequest>;
export type SubmitRunBody = z.input<typeof SubmitRunRequest>;

/**
 * Body of `POST /api/runs/{runId}/resubmit`. `steps`: run these anew, and what comes behind them; absent: only what has not completed. `parameters`: values
 * that differ from the first run's.
 */
export const ResubmitRunRequest = z
  .strictObject({
    ...submitOptions,
    experimentName: ExperimentName.optional(),
    continueOnStepFailure: z.boolean().optional(),
    steps: z.array(StepKey).min(1).max(MAX_STEPS).optional(),
  })
  .meta({ id: "ResubmitRunRequest" });
export type ResubmitRunRequest = z.infer<typeof ResubmitRunRequest>;

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

/** Body of `POST /api/datasets`. `id` takes over one that callers know already; absent: a new one. */
export const RegisterDatasetRequest = z
  .strictObject({
    name: AssetName,
    type: z.enum(["file", "tabular"]).default("file"),
    ...DataPath.shape,
    description: PlainText.max(4096).optional(),
    tags: Tags.default({}),
    /** Whether the name may get another version; else it must be free or lead to the same place already. */
    createNewVersion: z.boolean().default(false),
    id: DatasetId.optional(),
  })
  .meta({ id: "RegisterDatasetRequest" });
export type RegisterDatasetRequest = z.infer<typeof RegisterDatasetRequest>;

export const PutComputeRequest = z
  .strictObject({ kind: z.literal("AmlCompute"), target: CatalogName, description: z.string().max(1024).optional() })
  .meta({ id: "PutComputeRequest" });
export const PutDatastoreRequest = z
  .strictObject({ kind: z.literal("AzureBlob"), container: CatalogName, description: z.string().max(1024).optional() })
  .meta({ id: "PutDatastoreRequest" });
export const PutEnvironmentRequest = z
  .strictObject({ spec: EnvironmentSpec, description: z.string().max(1024).optional() })
  .meta({ id: "PutEnvironmentRequest" });
