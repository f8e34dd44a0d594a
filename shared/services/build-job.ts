import type { Step, StepOutput } from "../domain/pipeline-graph.ts";
import type { RunHead, StepRunDocument } from "../domain/run-documents.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import type { JobRequest } from "../ports/compute-backend.ts";
import { commandLine, meaningOf, parameterVariable, RUNTIME_INPUT } from "./command-line.ts";

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
  /** One from an optional parameter without a value is left out. */
  inputs: Record<string, { uri: string; kind: "file" | "folder" }>;
  /** URIs by pipeline parameter, of those that name a place and that no input of the step comes from. */
  places: Record<string, string>;
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
    command: commandLine(step, context),
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

function environmentVariables(step: Step, context: JobContext): Record<string, string> {
  const { head, stepRun, environment, apiUrl, workspace, token } = context;
  // The command line sets those that stand for a path, which only the compute knows.
  const parameters = Object.keys(step.parameters).flatMap((name) => {
    const meaning = meaningOf(step, name, context);
    return meaning && "text" in meaning ? [[parameterVariable(name), meaning.text] as const] : [];
  });
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
    PENSTOCK_INPUT_NAMES: Object.keys(context.inputs).join(","),
    PENSTOCK_OUTPUT_NAMES: Object.keys(step.outputs).join(","),
  };
}
