import { z } from "zod";
import { ExperimentName, ParentRunId, PlainText, PortName, RunId, StepKey } from "./ids.ts";
import { PipelineGraph } from "./pipeline-graph.ts";
import { DataPath, ParameterValue } from "./pipeline-parameter.ts";
import { OutputPlace, ReusedStep } from "./reuse.ts";
import { RunOutcome, RunStatus, SettledStepStatus } from "./statuses.ts";

/** An instant, ISO 8601, UTC. */
export const Instant = z.iso.datetime();

/** Tags may change; a bare tag has the value null. */
export const Tags = z.record(z.string().min(1).max(255), z.string().max(8192).nullable());
export type Tags = z.infer<typeof Tags>;

/** Properties are written once. */
export const Properties = z.record(z.string().min(1).max(255), z.string().max(8192));
export type Properties = z.infer<typeof Properties>;

/** Who asked, as their token says it. */
export const Caller = z.strictObject({ objectId: z.string(), tenantId: z.string(), name: z.string().optional() });
export type Caller = z.infer<typeof Caller>;

/** Why something did not complete, for people: `cause` in a sentence, `remedy` where one is known. */
export const Failure = z.strictObject({
  code: z.string(),
  cause: z.string(),
  remedy: z.string().optional(),
  exitCode: z.int().optional(),
  /** The step that failed; set on a run's failure. */
  step: StepKey.optional(),
  stepRunId: RunId.optional(),
});
export type Failure = z.infer<typeof Failure>;

/** What a dataset parameter that named a registered dataset came to at submit; later versions change nothing for the run. */
export const ResolvedDataset = z.strictObject({ id: z.guid(), name: z.string(), version: z.int(), ...DataPath.shape });
export type ResolvedDataset = z.infer<typeof ResolvedDataset>;

/**
 * A parameter's value on a run and where it came from: the pipeline's default, the caller, the draft that was submitted, the schedule that fired,
 * the blob whose change it was, or the run that was submitted again.
 */
export const EffectiveParameter = z.strictObject({
  value: z.union([ParameterValue, DataPath, ResolvedDataset]),
  origin: z.enum(["default", "submit", "draft", "schedule", "blob", "resubmit"]),
});
export type EffectiveParameter = z.infer<typeof EffectiveParameter>;

/** Where a run came from, in the caller's words or by the door it came through: `API`, `SDK`, `Schedule`. */
export const RunSource = PlainText.min(1).max(255);

/** The head of a pipeline run: small, moved by compare-and-swap. Optional members below `warnings` are absent on runs of earlier releases. */
export const RunHead = z.strictObject({
  id: RunId,
  experimentName: ExperimentName,
  displayName: z.string(),
  description: z.string().optional(),
  status: RunStatus,
  /** Whether nothing follows; kept beside `status` because stores filter by equality. */
  settled: z.boolean(),
  createdAt: Instant,
  createdBy: Caller,
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  cancelRequestedAt: Instant.optional(),
  continueOnStepFailure: z.boolean(),
  stepCount: z.int(),
  parameters: z.record(PortName, EffectiveParameter),
  tags: Tags,
  properties: Properties,
  warnings: z.array(z.string()),
  failure: Failure.optional(),
  runSource: RunSource.optional(),
  /** Tags of each of its step runs. */
  stepTags: Tags.optional(),
  parentRunId: ParentRunId.optional(),
  /** The run that this one goes on from: steps that had completed there are not run again. */
  resubmittedFrom: RunId.optional(),
  /** No step takes the results of an earlier one in this run; later runs may take its own. */
  regenerateOutputs: z.boolean().optional(),
  /** The published pipeline that it is a run of. */
  pipelineId: z.guid().optional(),
  /** The endpoint that was asked to run it, and the version that ran. */
  pipelineEndpointId: z.guid().optional(),
  pipelineEndpointVersion: z.string().optional(),
  /** The draft that it was submitted from. */
  draftId: z.guid().optional(),
  /** The schedule that started it. */
  scheduleId: z.guid().optional(),
});
export type RunHead = z.infer<typeof RunHead>;

/** What a run does, fixed at submit: the closure of the submitted graph in an order where dependencies come first. */
export const RunGraph = z.strictObject({
  runId: RunId,
  graph: PipelineGraph,
  /** One id for each of `graph.steps`, in its order. */
  stepRunIds: z.array(RunId),
});
export type RunGraph = z.infer<typeof RunGraph>;

/** One letter a step: `n` not started, `s` started, `c` completed, `r` completed by the results of an earlier run, `f` failed, `x` canceled, `k` skipped. */
export const STEP_LETTERS = {
  n: "NotStarted",
  s: "Running",
  c: "Completed",
  r: "Completed",
  f: "Failed",
  x: "Canceled",
  k: "Skipped",
} as const;

/** How far a run is: one compact document that `advanceRun` alone writes. */
export const Progress = z.strictObject({
  runId: RunId,
  /** {@link STEP_LETTERS}, by step index. */
  steps: z.string().regex(/^[nscrfxk]*$/),
  /** Settled markers up to here were read (their sort key); reading goes back 60 s from it. */
  lastMarker: z.string(),
  /** Pages of {@link ReusedPage} that count: one that was written by a look whose progress was not stored is not among them. */
  reusedPages: z.array(z.string()).optional(),
  /** Set once nothing more is to start: why, and by which step. */
  stopping: z
    .discriminatedUnion("reason", [
      z.strictObject({ reason: z.literal("failure"), step: z.int() }),
      z.strictObject({ reason: z.literal("cancel") }),
    ])
    .optional(),
  /** Index of the first step that failed. */
  firstFailed: z.int().optional(),
  /** The last look that marked steps as started ({@link PipelineRunInput}): made again, it may not have come to starting them. */
  turn: z.string().optional(),
  outcome: RunOutcome.optional(),
});
export type Progress = z.infer<typeof Progress>;

/** A try of a step that was not its last. */
export const EndedAttempt = z.strictObject({
  attempt: z.int(),
  startedAt: Instant.optional(),
  endedAt: Instant,
  failure: Failure,
  warnings: z.array(z.string()).default([]),
});
export type EndedAttempt = z.infer<typeof EndedAttempt>;

/** A step run: created when its step begins, replaced when an attempt has ended and another follows, and when it has settled. */
export const StepRunDocument = z.strictObject({
  id: RunId,
  runId: RunId,
  index: z.int(),
  key: StepKey,
  /** Counts from 1. */
  attempt: z.int(),
  createdAt: Instant,
  /** When the token that the job carries expires: stored, so that a repeated submit has the same bytes. */
  tokenExpiresAt: Instant,
  status: z.union([z.literal("Running"), SettledStepStatus]),
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  failure: Failure.optional(),
  warnings: z.array(z.string()).default([]),
  properties: Properties.default({}),
  /** Key of its settled marker, chosen when it settles: leaving the marker again changes nothing. */
  settledKey: z.guid().optional(),
  /** Declared outputs by name: where they lie. */
  outputs: z.record(PortName, OutputPlace).default({}),
  /** Attempts before this one, the oldest first. */
  earlierAttempts: z.array(EndedAttempt).default([]),
  /** When this attempt may be submitted; absent: at once. */
  notBefore: Instant.optional(),
  /** Hash under which later runs may find its results; absent: they may not. */
  fingerprint: z.string().optional(),
});
export type StepRunDocument = z.infer<typeof StepRunDocument>;

/** Left by a step when it settles; sorts by the time of settling. Carries what a list of steps shows. */
export const SettledMarker = z.strictObject({
  index: z.int(),
  stepRunId: RunId,
  status: SettledStepStatus,
  attempt: z.int(),
  startedAt: Instant.optional(),
  endedAt: Instant,
  failure: Failure.optional(),
  warnings: z.array(z.string()).default([]),
});
export type SettledMarker = z.infer<typeof SettledMarker>;

/** Steps that one look settled without a job, together: a document for each would cost more than the look. */
export const ReusedPage = z.strictObject({ steps: z.array(ReusedStep) });
export type ReusedPage = z.infer<typeof ReusedPage>;

/** Says that something of the run changed and that its orchestration was told so. */
export const WakeFlag = z.strictObject({ on: z.boolean(), at: Instant });
export type WakeFlag = z.infer<typeof WakeFlag>;

/** What a script said of a run (pipeline run, step run or child run) while it ran. */
export const RunRecord = z.strictObject({
  tags: Tags,
  /** Tags of the submit that were taken away since. */
  removedTags: z.array(z.string()).default([]),
  properties: Properties,
  /** Set by the script's own `complete()` or `fail()`. */
  ended: z
    .strictObject({
      status: z.enum(["Completed", "Failed", "Canceled"]),
      at: Instant,
      error: z.string().optional(),
      /** Which attempt said so; what an earlier one said does not count. Absent: the first. */
      attempt: z.int().optional(),
    })
    .optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** A run that a script made below its own (`child_run`). */
export const ChildRunDocument = z.strictObject({ id: RunId, parentRunId: RunId, rootRunId: RunId, name: z.string(), createdAt: Instant });
export type ChildRunDocument = z.infer<typeof ChildRunDocument>;
