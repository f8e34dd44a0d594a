import { join } from "node:path";
import type { CommandJob, DataInput, JobOutput } from "../contract.ts";
import { userError } from "../http/arm-error.ts";
import type { Binding, Bindings } from "./command-line.ts";
import { resolveCommand } from "./command-line.ts";
import type { DataPaths } from "./data-paths.ts";
import type { DataPlace } from "./data-place.ts";
import type { LaunchFolder } from "./job-folders.ts";

export interface PlannedInput {
  name: string;
  /** `mount`: a symbolic link to the data, so nothing is copied. `download`: a copy, which is also what a mount of another machine's data comes to. */
  how: "mount" | "download";
  source: DataPlace;
  /** What the command is told. */
  path: string;
}

export interface PlannedOutput {
  name: string;
  type: JobOutput["jobOutputType"];
  /**
   * `mount`: the destination itself. `upload`: a private place, moved to the destination after success. `follow`: a private place, moved there
   * however the command ended, which is what a mount of another machine's data comes to.
   */
  how: "mount" | "upload" | "follow";
  destination: DataPlace;
  /** What the command is told. */
  path: string;
}

/** A job's data on this machine, and its command with the paths put in. */
export interface JobPlan {
  inputs: PlannedInput[];
  outputs: PlannedOutput[];
  command: string;
  /** `AZURE_ML_INPUT_<name>` and `AZURE_ML_OUTPUT_<name>`. */
  variables: Record<string, string>;
}

/** Where an output goes that names no destination: Azure ML's own default. */
function defaultDestination(job: string, output: string): string {
  return `azureml://datastores/workspaceblobstore/paths/azureml/${job}/${output}/`;
}

/**
 * Resolves a job's data and command for the folder it will run in. Nothing is touched.
 * A mount is not read-only here as it is in Azure, where writing to it fails: no file system of a laptop
 * offers that without privileges, and changing the modes of the user's own files would be worse.
 * @throws {ArmError} 400, naming the input, output or expression at fault.
 */
export function planJob(name: string, job: CommandJob, paths: DataPaths, folder: LaunchFolder): JobPlan {
  const bindings: { inputs: Record<string, Binding>; outputs: Record<string, Binding> } = { inputs: {}, outputs: {} };
  const inputs: PlannedInput[] = [];
  for (const [key, input] of Object.entries(job.inputs ?? {})) {
    if (input === null) continue;
    if (input.jobInputType === "literal") bindings.inputs[key] = { kind: "literal", value: input.value };
    else if (input.mode === "Direct") bindings.inputs[key] = { kind: "path", value: input.uri };
    else {
      const planned = planInput(key, input, paths, folder);
      inputs.push(planned);
      bindings.inputs[key] = { kind: "path", value: planned.path };
    }
  }
  const outputs: PlannedOutput[] = [];
  for (const [key, output] of Object.entries(job.outputs ?? {})) {
    if (output === null) continue;
    const planned = planOutput(name, key, output, paths, folder);
    outputs.push(planned);
    bindings.outputs[key] = { kind: "path", value: planned.path };
  }
  return { inputs, outputs, command: resolveCommand(job.command, bindings), variables: variablesOf(bindings) };
}

function planInput(name: string, input: DataInput, paths: DataPaths, folder: LaunchFolder): PlannedInput {
  const field = `properties.inputs.${name}`;
  if (input.jobInputType !== "uri_file" && input.jobInputType !== "uri_folder") {
    throw userError(
      400,
      "BadArgument",
      `${field}.jobInputType: '${input.jobInputType}' is not known locally; use uri_file or uri_folder`,
      field,
    );
  }
  const mode: string = input.mode ?? "ReadOnlyMount";
  if (!["ReadOnlyMount", "ReadWriteMount", "Download"].includes(mode)) {
    throw userError(400, "BadArgument", `${field}.mode: '${mode}' is not known locally; use ReadOnlyMount, Download or Direct`, field);
  }
  const source = paths.place(input.uri, `${field}.uri`);
  const inside = join(folder.inputs, safeName(name, field));
  // A file keeps its own name, since scripts go by the ending.
  const path = input.jobInputType === "uri_file" ? join(inside, source.name) : inside;
  return { name, how: mode === "Download" || source.path === undefined ? "download" : "mount", source, path };
}

function planOutput(job: string, name: string, output: JobOutput, paths: DataPaths, folder: LaunchFolder): PlannedOutput {
  const field = `properties.outputs.${name}`;
  const type = output.jobOutputType;
  if (type !== "uri_file" && type !== "uri_folder") {
    throw userError(400, "BadArgument", `${field}.jobOutputType: '${type}' is not known locally; use uri_file or uri_folder`, field);
  }
  const mode = output.mode ?? "ReadWriteMount";
  if (mode === "Direct")
    throw userError(400, "BadArgument", `${field}.mode: 'Direct' is not known locally; use ReadWriteMount or Upload`, field);
  const destination = paths.place(output.uri ?? defaultDestination(job, name), `${field}.uri`);
  if (mode === "ReadWriteMount" && destination.path !== undefined) return { name, type, how: "mount", destination, path: destination.path };
  const inside = join(folder.outputs, safeName(name, field));
  const how = mode === "ReadWriteMount" ? "follow" : "upload";
  return { name, type, how, destination, path: type === "uri_file" ? join(inside, destination.name) : inside };
}

function safeName(name: string, field: string): string {
  if (/^[\w][\w.-]{0,200}$/.test(name)) return name;
  throw userError(400, "BadArgument", `${field}: an input or output is named by letters, digits, '_', '-' and '.'`, field);
}

function variablesOf({ inputs, outputs }: Bindings): Record<string, string> {
  const named = (prefix: string, table: Bindings["inputs"]) => Object.entries(table).map(([name, { value }]) => [prefix + name, value]);
  return Object.fromEntries([...named("AZURE_ML_INPUT_", inputs), ...named("AZURE_ML_OUTPUT_", outputs)]);
}

/** The first input whose data is not there, which Azure ML finds out when it mounts. */
export async function missingInput(plan: JobPlan): Promise<PlannedInput | undefined> {
  const there = await Promise.all(plan.inputs.map(({ source }) => source.exists()));
  return plan.inputs[there.indexOf(false)];
}

/** What a job asks of its nodes that one machine does not give, as warnings. */
export function notHonoured(job: CommandJob): string[] {
  const warnings: string[] = [];
  const nodes = job.resources?.instanceCount ?? 1;
  if (nodes > 1) warnings.push(`resources.instanceCount ${nodes} is not honoured on this machine: the command runs once`);
  if (job.distribution) {
    warnings.push(`distribution ${job.distribution.distributionType} is not honoured on this machine: the command runs as one process`);
  }
  return warnings;
}
