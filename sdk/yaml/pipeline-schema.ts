import { z } from "zod";
import { CatalogName, PortName, StepKey } from "../../shared/domain/ids.ts";
import { InputMode, OutputMode } from "../../shared/domain/pipeline-graph.ts";
import { ParameterValue } from "../../shared/domain/pipeline-parameter.ts";

/**
 * v1's pipeline YAML as a schema: what `load_yaml` of Azure ML's SDK v1 took, with what Penstock adds marked "Extension".
 * Only shapes are checked here; what names refer to is checked when the file is read. The JSON schema for editors is made from it.
 */
const Scalar = z.union([z.string(), z.number(), z.boolean()], { error: "must be a text, a number or true/false" });
const Text = (description: string) => Scalar.meta({ description });

export const YAML_PARAMETER_TYPES = ["string", "int", "float", "bool"] as const;

export const YamlParameter = z
  .strictObject({
    type: z.enum(YAML_PARAMETER_TYPES).meta({ description: "Type of the parameter." }),
    default: Text("Value unless a submit gives another; mandatory."),
  })
  .meta({ description: "A value that each submit may set." });

export const YamlDataReference = z
  .strictObject({
    datastore: CatalogName.meta({ description: "Name of the datastore." }),
    path_on_datastore: Text("Path of a file or folder in the datastore."),
    local_path: Text(
      "Extension: a file or folder, relative to this file, that is uploaded to path_on_datastore when the datastore lacks it.",
    ).optional(),
  })
  .meta({ description: "Data that lies in a datastore." });

const YamlInput = z.strictObject({
  source: Text("The `destination` of another step's output, or the name of a data reference."),
  bind_mode: InputMode.optional().meta({
    description: "mount (the default): linked, read-only; download: copied; direct: the address as it is.",
  }),
});

const YamlOutput = z.strictObject({
  destination: Text("Name by which another step's input takes this output as its source.").optional(),
  datastore: CatalogName.optional().meta({ description: "Datastore that keeps the output; workspaceblobstore unless told." }),
  bind_mode: OutputMode.optional().meta({
    description: "mount (the default): kept as it is written; upload: kept when the step has succeeded.",
  }),
});

const YamlStepParameter = z.union([ParameterValue, z.strictObject({ source: Text("Name of a pipeline parameter.") })], {
  error: "must be a value, or {source: <name of a pipeline parameter>}",
});

const YamlArguments = z.array(Scalar).meta({
  description:
    "Words of the command line. `input:<port>`, `output:<port>` and `parameter:<name>` stand for a port's path and a parameter's value.",
});

const stepCommon = {
  name: Text("Name shown for the step; its key unless told.").optional(),
  compute: CatalogName.optional().meta({ description: "Compute target; the pipeline's default_compute unless told." }),
  runconfig: Text("Path of a v1 run configuration (YAML), relative to this file.").optional(),
  source_directory: Text("Folder that becomes the step's snapshot, relative to this file.").optional(),
  inputs: z.record(PortName, YamlInput).optional().meta({ description: "Inputs by port name." }),
  outputs: z.record(PortName, YamlOutput).optional().meta({ description: "Outputs by port name." }),
  parameters: z
    .record(PortName, YamlStepParameter)
    .optional()
    .meta({ description: "Parameters of the step: a value, or {source: <pipeline parameter>}." }),
  allow_reuse: z
    .boolean()
    .optional()
    .meta({ description: "Whether an earlier result for the same code and inputs may serve; true unless told." }),
  version: Text("Free tag; another one says that the step does something else now.").optional(),
  run_after: z
    .union([z.array(StepKey), StepKey], { error: "must be a list of step keys" })
    .optional()
    .meta({ description: "Extension: keys of steps that must complete first although no data links them." }),
};

export const YamlPythonScriptStep = z
  .strictObject({
    type: z.literal("PythonScriptStep"),
    script_name: Text("The script, relative to source_directory."),
    arguments: YamlArguments.optional(),
    ...stepCommon,
  })
  .meta({ description: "Runs a Python script of its snapshot. source_directory is this file's folder unless told." });
export type YamlPythonScriptStep = z.infer<typeof YamlPythonScriptStep>;

export const YamlCommandStep = z
  .strictObject({
    type: z.literal("CommandStep"),
    command: z
      .union([z.string().min(1), YamlArguments.min(1)], { error: "must be a text for the shell, or a list of words and tokens" })
      .meta({
        description: "A text for the shell; or a list of words, where input:<port>, output:<port> and parameter:<name> are replaced.",
      }),
    ...stepCommon,
  })
  .meta({ description: "Extension: runs a shell command, in the folder of its snapshot if it has a source_directory." });
export type YamlCommandStep = z.infer<typeof YamlCommandStep>;

/** The step types that can be read, by the word in `type`. */
export const YAML_STEPS = { PythonScriptStep: YamlPythonScriptStep, CommandStep: YamlCommandStep } as const;
export type YamlStep = YamlPythonScriptStep | YamlCommandStep;

const head = {
  name: Text("Name of the pipeline.").optional(),
  description: Text("What the pipeline is for.").optional(),
  default_compute: CatalogName.optional().meta({ description: "Compute target of the steps that name none." }),
};

/** The pipeline's own keys, its parts not looked into: those are read one by one, so that one bad part hides no other. */
export const YamlPipelineHead = z.strictObject({
  ...head,
  parameters: z.record(z.string(), z.unknown()).optional(),
  data_references: z.record(z.string(), z.unknown()).optional(),
  steps: z.record(z.string(), z.unknown()),
});

/** The whole file; `Schedule` beside the pipeline is read by v1 and has no meaning for a submit. */
export const YamlPipelineFile = z
  .strictObject({
    pipeline: z.strictObject({
      ...head,
      parameters: z.record(PortName, YamlParameter).optional().meta({ description: "Pipeline parameters by name." }),
      data_references: z
        .record(z.string(), YamlDataReference)
        .optional()
        .meta({ description: "Data in datastores by the name inputs use." }),
      steps: z
        .record(StepKey, z.discriminatedUnion("type", [YamlPythonScriptStep, YamlCommandStep]))
        .meta({ description: "Steps by key." }),
    }),
    Schedule: z.record(z.string(), z.unknown()).optional().meta({ description: "A v1 schedule. Submitting a run does not use it." }),
  })
  .meta({ title: "Azure ML v1 pipeline for Penstock" });
