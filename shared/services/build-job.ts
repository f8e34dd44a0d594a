import { toText } from "../domain/parameters.ts";
import type { Argument, ParameterValue, Step, StepOutput } from "../domain/pipeline-graph.ts";
import type { RunHead, StepRunDocument } from "../domain/run-documents.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import type { JobRequest } from "../ports/compute-backend.ts";

/** The input under which the step runtime (`clients/python`) comes along. */
const RUNTIME_INPUT = "penstock_runtime";

/** Where a declared output of a step run lies: v1's default place, or the author's with `{run-id}` and `{output-name}` filled in. */
export function outputPlace(stepRunId: string, name: string, output: StepOutput): { datastore: string; path: string } {
  const template = output.path ?? "azureml/{run-id}/{output-name}";
  return { datastore: output.datastore, path: template.replaceAll("{run-id}", stepRunId).replaceAll("{output-name}", name) };
}

/** What {@link buildJob} needs beside the step itself; all of it is stored or a setting, so that building again gives the same job. */
export interface JobContext {
  head: RunHead;
  plan: RunPlan;
  stepRun: StepRunDocument;
  /** The compute's name in its service. */
  compute: string;
  /** The step's own, or the workspace's default. */
  environment: { image: string; condaFile?: string; variables: Readonly<Record<string, string>> };
  code?: { id: string; uri: string };
  runtimeUri: string;
  inputs: Record<string, { uri: string; kind: "file" | "folder" }>;
  /** URIs of the declared outputs by name. */
  outputs: Record<string, string>;
  apiUrl: string;
  workspace: string;
  token: string;
}

/** The job of one attempt of a step. */
export function buildJob(step: Step, context: JobContext): JobRequest {
  const { head, stepRun } = context;
  const { variables: _variables, ...environment } = context.environment;
  const outputs = Object.entries(step.outputs).map(([name, { mode }]) => [name, { uri: context.outputs[name] ?? "", mode }] as const);
  const inputs = Object.entries(context.inputs).map(
    ([name, input]) => [name, { ...input, mode: step.inputs[name]?.mode ?? "mount" }] as const,
  );
  return {
    key: `${stepRun.id}_${stepRun.attempt}`,
    displayName: step.name ?? step.key,
    experimentName: head.experimentName,
    compute: context.compute,
    ...(context.code && { code: context.code }),
    environment,
    command: commandLine(step, head),
    inputs: { ...Object.fromEntries(inputs), [RUNTIME_INPUT]: { uri: context.runtimeUri, mode: "mount", kind: "folder" } },
    outputs: Object.fromEntries(outputs),
    environmentVariables: environmentVariables(step, context),
    ...(step.timeoutSeconds !== undefined && { timeoutSeconds: step.timeoutSeconds }),
    tags: {},
    properties: {
      "azureml.pipelinerunid": head.id,
      "azureml.runsource": "azureml.StepRun",
      StepType: step.type,
      "penstock.key": `${stepRun.id}_${stepRun.attempt}`,
      "penstock.steprunid": stepRun.id,
    },
  };
}

/** The shell line: first the paths that only the compute knows, as v1's variables; then the step's own words. */
function commandLine(step: Step, head: RunHead): string {
  const paths = [
    ...Object.keys(step.inputs).map((name) => [name, `\${{inputs.${name}}}`]),
    ...Object.keys(step.outputs).map((name) => [name, `\${{outputs.${name}}}`]),
  ];
  const exports = paths.map(([name, path]) => `AZUREML_DATAREFERENCE_${name}="${path}"`);
  const pythonPath = `PYTHONPATH="\${{inputs.${RUNTIME_INPUT}}}\${PYTHONPATH:+:$PYTHONPATH}"`;
  const word = (argument: Argument, raw: boolean) => words(argument, step, head, raw);
  const command =
    step.type === "CommandStep"
      ? step.command.map((w) => word(w, true))
      : ["python", quote(step.scriptName), ...step.arguments.map((w) => word(w, false))];
  return `export ${[...exports, pythonPath].join(" ")}; ${command.join(" ")}`;
}

function words(argument: Argument, step: Step, head: RunHead, raw: boolean): string {
  if (typeof argument === "string") return raw ? argument : quote(argument);
  if ("input" in argument) return `"\${{inputs.${argument.input}}}"`;
  if ("output" in argument) return `"\${{outputs.${argument.output}}}"`;
  return quote(toText(parameterValue(step, argument.parameter, head)));
}

/** A step parameter's value: its literal, or the run's value of the pipeline parameter that it names. */
function parameterValue(step: Step, name: string, head: RunHead): ParameterValue {
  const given = step.parameters[name] ?? "";
  return typeof given === "object" ? (head.parameters[given.source]?.value ?? "") : given;
}

/** One word for the shell. The service fills in `${{`, which an author's text must not trigger: it is parted by quotes, which the shell takes away. */
function quote(text: string): string {
  // Replaced by functions: in a replacement text, `$'` would mean what follows the match.
  return `'${text.replaceAll("'", () => "'\\''").replaceAll("${{", () => "$''{{")}'`;
}

function environmentVariables(step: Step, { head, stepRun, environment, apiUrl, workspace, token }: JobContext): Record<string, string> {
  const parameters = Object.keys(step.parameters).map(
    (name) => [`AML_PARAMETER_${name}`, toText(parameterValue(step, name, head))] as const,
  );
  return {
    PYTHONUNBUFFERED: "1", // a log that is followed live must not sit in the script's buffer
    ...environment.variables,
    ...step.environmentVariables,
    ...Object.fromEntries(parameters),
    AZUREML_RUN_ID: stepRun.id,
    AZUREML_ROOT_RUN_ID: head.id,
    AZUREML_EXPERIMENT_NAME: head.experimentName,
    PENSTOCK_RUN_ID: stepRun.id,
    PENSTOCK_PIPELINE_RUN_ID: head.id,
    PENSTOCK_EXPERIMENT: head.experimentName,
    PENSTOCK_STEP: step.key,
    PENSTOCK_WORKSPACE: workspace,
    PENSTOCK_API_URL: apiUrl,
    PENSTOCK_TOKEN: token,
    PENSTOCK_INPUT_NAMES: Object.keys(step.inputs).join(","),
    PENSTOCK_OUTPUT_NAMES: Object.keys(step.outputs).join(","),
  };
}
