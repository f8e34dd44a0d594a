import { z } from "zod";
import { EnvironmentSpec } from "../domain/environment.ts";
import { CatalogName, ParentRunId, PortName, RelativePath, RunId, Sha256, SnapshotId, StepKey } from "../domain/ids.ts";
import { MetricEntry } from "../domain/metrics.ts";
import { RunCause } from "../domain/reuse.ts";
import { Caller, EffectiveParameter, EndedAttempt, Failure, Instant, Properties, Tags } from "../domain/run-documents.ts";
import { RunStatus, StepStatus } from "../domain/statuses.ts";

/** A run of any kind. Members that only one kind has are absent on the others. */
export const RunResource = z
  .object({
    id: RunId,
    kind: z.enum(["pipelineRun", "stepRun", "childRun"]),
    experimentName: z.string(),
    displayName: z.string(),
    description: z.string().optional(),
    /** In run history's words: a run that went well is `Completed`. */
    status: z.union([RunStatus, StepStatus]),
    /** Changes whenever this resource or one of its steps does; pass as `after` to wait for the next one. */
    revision: z.string(),
    /** Of a step or child run the run it is in; of a pipeline run what its caller named. */
    /** The run that this one goes on from. */
    resubmittedFrom: RunId.optional(),
    /** Of a step run: which try of the step goes on or was the last; counts from 1. */
    attempt: z.int().optional(),
    /** Of a step run: tries before that one, the oldest first. Each has its own logs. */
    earlierAttempts: z.array(EndedAttempt).optional(),
    parentRunId: ParentRunId.optional(),
    createdAt: Instant,
    createdBy: Caller.optional(),
    startedAt: Instant.optional(),
    endedAt: Instant.optional(),
    parameters: z.record(PortName, EffectiveParameter).optional(),
    continueOnStepFailure: z.boolean().optional(),
    regenerateOutputs: z.boolean().optional(),
    runSource: z.string().optional(),
    stepTags: Tags.optional(),
    /** The published pipeline, endpoint with version, or draft that it is a run of, and the schedule that started it. */
    pipelineId: z.guid().optional(),
    pipelineEndpointId: z.guid().optional(),
    pipelineEndpointVersion: z.string().optional(),
    draftId: z.guid().optional(),
    scheduleId: z.guid().optional(),
    /** Steps by status. */
    steps: z.object({ total: z.int(), byStatus: z.partialRecord(StepStatus, z.int()) }).optional(),
    tags: Tags,
    properties: Properties,
    warnings: z.array(z.string()),
    failure: Failure.optional(),
  })
  .meta({ id: "Run" });
export type RunResource = z.infer<typeof RunResource>;

export const RunList = z
  .object({
    runs: z.array(RunResource),
    cursor: z.string().optional(),
    /** Runs whose stored documents are damaged; absent when all can be read. */
    unreadable: z.array(z.object({ id: z.string(), cause: z.string() })).optional(),
  })
  .meta({ id: "RunList" });
export type RunList = z.infer<typeof RunList>;

/** One step of a pipeline run; all are listed from the moment of submit. */
export const StepResource = z
  .object({
    key: StepKey,
    name: z.string(),
    type: z.enum(["PythonScriptStep", "CommandStep"]),
    runId: RunId,
    status: StepStatus,
    attempt: z.int(),
    dependsOn: z.array(StepKey),
    startedAt: Instant.optional(),
    endedAt: Instant.optional(),
    failure: Failure.optional(),
    /** What the compute could not honour or had to say of the step's job; absent: nothing. Known once the step has ended. */
    warnings: z.array(z.string()).optional(),
    /** Whose results the step has, where it was settled without a job. */
    reusedFrom: z.object({ runId: RunId, stepRunId: RunId }).optional(),
  })
  .meta({ id: "Step" });
export type StepResource = z.infer<typeof StepResource>;

export const StepList = z
  .object({ runId: RunId, status: RunStatus, revision: z.string(), steps: z.array(StepResource) })
  .meta({ id: "StepList" });
export type StepList = z.infer<typeof StepList>;

const OfStepRun = z.object({ runId: RunId, stepRunId: RunId });

/** What a step of a submit would do. `wait`: another run is doing the same, and the step takes its results. */
export const StepForecast = z
  .object({
    key: StepKey,
    name: z.string(),
    way: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("reuse"), from: OfStepRun }),
      z.object({ kind: z.literal("wait"), from: OfStepRun }),
      z.object({ kind: z.literal("run"), because: RunCause }),
    ]),
  })
  .meta({ id: "StepForecast" });
export type StepForecast = z.infer<typeof StepForecast>;

/** What a submit would do, in an order of steps where dependencies come first. */
export const ForecastResource = z
  .object({ steps: z.array(StepForecast), counts: z.object({ reuse: z.int(), wait: z.int(), run: z.int() }) })
  .meta({ id: "Forecast" });
export type ForecastResource = z.infer<typeof ForecastResource>;

/** Metrics of one run in the order of logging. */
export const MetricList = z.object({ runId: RunId, metrics: z.array(MetricEntry) }).meta({ id: "MetricList" });
export type MetricList = z.infer<typeof MetricList>;

export const FileResource = z.object({ path: z.string(), size: z.int(), modifiedAt: Instant }).meta({ id: "File" });
export type FileResource = z.infer<typeof FileResource>;

export const FileList = z.object({ files: z.array(FileResource), cursor: z.string().optional() }).meta({ id: "FileList" });
export type FileList = z.infer<typeof FileList>;

/** A declared output of a step: a place in a datastore. Read its files by `/api/datastores/{name}/files`. */
export const OutputResource = z
  .object({ step: StepKey, runId: RunId, name: PortName, datastore: CatalogName, path: z.string(), files: z.array(FileResource) })
  .meta({ id: "Output" });
export type OutputResource = z.infer<typeof OutputResource>;

export const OutputList = z.object({ outputs: z.array(OutputResource) }).meta({ id: "OutputList" });
export type OutputList = z.infer<typeof OutputList>;

/** What the workspace is and what it holds clients to. */
export const WorkspaceResource = z
  .object({
    name: z.string(),
    version: z.string(),
    defaultCompute: CatalogName,
    defaultDatastore: CatalogName,
    limits: z.object({ snapshotBytes: z.int(), snapshotFiles: z.int(), partBytes: z.int(), requestBytes: z.int() }),
  })
  .meta({ id: "Workspace" });
export type WorkspaceResource = z.infer<typeof WorkspaceResource>;

/** `kind` AmlCompute: `target` is its name in the Azure ML workspace. */
export const ComputeResource = z
  .object({ name: CatalogName, kind: z.literal("AmlCompute"), target: CatalogName, description: z.string().max(1024).optional() })
  .meta({ id: "Compute" });
export type ComputeResource = z.infer<typeof ComputeResource>;

/** `kind` AzureBlob; `container` is its blob container, locally its folder. */
export const DatastoreResource = z
  .object({ name: CatalogName, kind: z.literal("AzureBlob"), container: CatalogName, description: z.string().max(1024).optional() })
  .meta({ id: "Datastore" });
export type DatastoreResource = z.infer<typeof DatastoreResource>;

export const EnvironmentResource = z
  .object({ name: CatalogName, spec: EnvironmentSpec, description: z.string().max(1024).optional() })
  .meta({ id: "Environment" });
export type EnvironmentResource = z.infer<typeof EnvironmentResource>;

/** A snapshot that is complete, or what the server still lacks of it. */
export const SnapshotResource = z
  .object({ snapshotId: SnapshotId, complete: z.boolean(), missing: z.array(Sha256) })
  .meta({ id: "Snapshot" });
export type SnapshotResource = z.infer<typeof SnapshotResource>;

/** Where the files of a pack lie in its bytes: back to back in this order. */
export const PackIndex = z
  .array(z.strictObject({ sha256: Sha256, size: z.int().nonnegative() }))
  .min(1)
  .max(100_000);
export type PackIndex = z.infer<typeof PackIndex>;

export const UploadTarget = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("pack"), files: PackIndex }),
  z.strictObject({ kind: z.literal("file"), datastore: CatalogName, path: RelativePath, sha256: Sha256 }),
]);
export type UploadTarget = z.infer<typeof UploadTarget>;
