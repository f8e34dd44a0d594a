import { z } from "zod";

import { EnvironmentSpec } from "./environment.ts";
import { CatalogName, PlainText, PortName, RelativePath, SnapshotId, StepKey } from "./ids.ts";
import { DataPath, ParameterValue, PipelineParameter } from "./pipeline-parameter.ts";
import { RetryPolicy } from "./retry.ts";

/** How a value gets to a step: the delivery modes of v1. `mount` links without a copy, `download` copies, `direct` hands over the URI. */
export const InputMode = z.enum(["mount", "download", "direct"]);
export type InputMode = z.infer<typeof InputMode>;

/** How what a step writes gets to the datastore: at once through the mount, or in one go when the step has succeeded. */
export const OutputMode = z.enum(["mount", "upload"]);
export type OutputMode = z.infer<typeof OutputMode>;

/** One word of a step's arguments: text as it is, or what stands for an input's path, an output's path or a parameter's value. */
export const Argument = z.union([
  PlainText.max(65_536),
  z.strictObject({ input: PortName }),
  z.strictObject({ output: PortName }),
  z.strictObject({ parameter: PortName }),
]);
export type Argument = z.infer<typeof Argument>;

/**
 * Where an input comes from: another step's output (which makes the order), a place in a datastore, or the place that a pipeline parameter names
 * (v1's `DataPathComputeBinding` and `DatasetConsumptionConfig`: the mode is the input's, the place the parameter's).
 */
export const InputSource = z.union([
  z.strictObject({ step: StepKey, output: PortName }),
  z.strictObject({ parameter: PortName }),
  DataPath,
]);
export type InputSource = z.infer<typeof InputSource>;

export const StepInput = z.strictObject({ source: InputSource, mode: InputMode.default("mount") });
export type StepInput = z.infer<typeof StepInput>;

/** `path` absent: `azureml/<step run id>/<output name>`, v1's default; `{run-id}` and `{output-name}` in it are filled in. */
export const StepOutput = z.strictObject({
  datastore: CatalogName.default("workspaceblobstore"),
  path: RelativePath.optional(),
  mode: OutputMode.default("mount"),
});
export type StepOutput = z.infer<typeof StepOutput>;

const stepCommon = {
  key: StepKey,
  /** Shown name; need not be unique. Absent: the key. */
  name: PlainText.min(1).max(255).optional(),
  /** Name of a compute in the catalog; absent: the pipeline's default, then the workspace's. */
  compute: CatalogName.optional(),
  /** Absent: the workspace's default environment. */
  environment: EnvironmentSpec.optional(),
  inputs: z.record(PortName, StepInput).default({}),
  outputs: z.record(PortName, StepOutput).default({}),
  /** A literal, or the pipeline parameter that gives the value. */
  parameters: z.record(PortName, z.union([ParameterValue, z.strictObject({ source: PortName })])).default({}),
  /** Steps that must complete first although no data links them. */
  runAfter: z.array(StepKey).default([]),
  allowReuse: z.boolean().default(true),
  /** Free tag for a functional change; part of the fingerprint. */
  version: z.string().max(255).optional(),
  environmentVariables: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a name of an environment variable"), PlainText.max(65_536))
    .default({}),
  /** Wall-clock bound on one attempt, in seconds; absent: none. */
  timeoutSeconds: z.int().positive().optional(),
  /** Absent: one attempt, as in v1. */
  retry: RetryPolicy.optional(),
};

/** A Python script of the snapshot, run with `python <script> <arguments>`. */
export const PythonScriptStep = z.strictObject({
  type: z.literal("PythonScriptStep"),
  snapshotId: SnapshotId,
  scriptName: RelativePath,
  arguments: z.array(Argument).max(10_000).default([]),
  ...stepCommon,
});
export type PythonScriptStep = z.infer<typeof PythonScriptStep>;

/** A shell command, run in the snapshot's folder where there is one. Text is the shell's to read; the other words are quoted for it. */
export const CommandStep = z.strictObject({
  type: z.literal("CommandStep"),
  snapshotId: SnapshotId.optional(),
  command: z.array(Argument).min(1).max(10_000),
  ...stepCommon,
});
export type CommandStep = z.infer<typeof CommandStep>;

export const Step = z.discriminatedUnion("type", [PythonScriptStep, CommandStep]);
export type Step = z.infer<typeof Step>;

/** Steps in one pipeline run at the most; Azure ML's own limit is 30,000. */
export const MAX_STEPS = 20_000;

/** A pipeline as a client submits it: every file it needs is on the server already and is named by an id. */
export const PipelineGraph = z.strictObject({
  name: PlainText.min(1).max(255).optional(),
  description: z.string().max(4096).optional(),
  parameters: z.record(PortName, PipelineParameter).default({}),
  defaultCompute: CatalogName.optional(),
  steps: z.array(Step).min(1).max(MAX_STEPS),
  /** Only these steps and what they need run (v1's closure); absent: all. */
  targets: z.array(StepKey).min(1).optional(),
});
export type PipelineGraph = z.infer<typeof PipelineGraph>;
