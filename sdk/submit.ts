import { randomUUID } from "node:crypto";
import { dirname, relative, resolve } from "node:path";
import type { SubmitRunBody } from "../shared/api/requests.ts";
import type { ForecastResource, RunResource } from "../shared/api/resources.ts";
import { getWorkspace } from "../shared/api/routes/catalog.ts";
import { forecastRun, submitRun } from "../shared/api/routes/runs.ts";
import { ApiProblem } from "./api-problem.ts";
import type { ApiClient } from "./client.ts";
import { experimentNameFor } from "./experiment-name.ts";
import { gitProperties } from "./git.ts";
import { graphSteps } from "./graph-steps.ts";
import { defaultCacheFolder } from "./hash-cache.ts";
import { type LocalSnapshot, readSnapshot } from "./snapshot.ts";
import { uploadData } from "./upload-data.ts";
import { uploadSnapshot } from "./upload-snapshot.ts";
import { readParameterValues } from "./yaml/parameters.ts";
import type { PipelineFile } from "./yaml/pipeline-file.ts";
import { readPipelineFile } from "./yaml/read-pipeline.ts";
import { FileError, type FileIssue } from "./yaml/yaml-error.ts";

export interface SubmitOptions {
  /** Folder that `file` is relative to; the current one unless told. */
  readonly from?: string;
  /** Absent: the pipeline's name, or the file's, made to fit. */
  readonly experiment?: string;
  readonly displayName?: string;
  /** `name=value` each, by the types of the pipeline's parameters. */
  readonly set?: readonly string[];
  /** A tag without a value is null. */
  readonly tags?: Readonly<Record<string, string | null>>;
  readonly continueOnStepFailure?: boolean;
  /** Runs every step anew; later runs may take its results. */
  readonly regenerateOutputs?: boolean;
  /** Told what the submit is about to do, before anything is uploaded. */
  readonly onForecast?: (forecast: ForecastResource) => void;
  /** Makes a repeated submit find the run of the first; absent: one of its own for each call. */
  readonly idempotencyKey?: string;
  /** Folders that never belong to a snapshot. */
  readonly exclude?: readonly string[];
  /** Where hashes of files are kept between submits; absent: the user's cache folder. */
  readonly cacheFolder?: string;
}

/** What a submit came to. */
export interface Submitted {
  readonly run: RunResource;
  readonly warnings: readonly string[];
  /** Bytes of code and data that the workspace lacked. */
  readonly uploadedBytes: number;
}

/**
 * Reads a v1 pipeline YAML and says what its submit would do, step by step. Nothing is uploaded, stored or started.
 * @throws as {@link submitFile}
 */
export async function forecastFile(
  client: ApiClient,
  file: string,
  options: SubmitOptions = {},
): Promise<{ forecast: ForecastResource; warnings: readonly string[] }> {
  const read = await readSubmit(client, file, options);
  return { forecast: await forecast(client, read), warnings: read.warnings };
}

/**
 * Reads a v1 pipeline YAML, uploads what the workspace lacks of its code and data, and submits it.
 * @throws {FileError} with the file's problems, also those the server found, each at its line.
 * @throws {UserError} {@link ApiProblem} as the calls do.
 */
export async function submitFile(client: ApiClient, file: string, options: SubmitOptions = {}): Promise<Submitted> {
  const read = await readSubmit(client, file, options);
  if (options.onForecast) options.onForecast(await forecast(client, read));
  const uploaded = await uploadAll(client, read.pipelineFile, read.snapshots);
  const body = await bodyOf(client, read, uploaded.ids);
  const run = await send(client, body, options.idempotencyKey ?? randomUUID(), read.pipelineFile);
  return { run, warnings: read.warnings, uploadedBytes: uploaded.bytes };
}

/** A pipeline file with all that belongs to its submit, before anything is sent. */
interface ReadSubmit {
  readonly pipelineFile: PipelineFile;
  readonly snapshots: ReadonlyMap<string, LocalSnapshot>;
  readonly warnings: readonly string[];
  readonly body: Omit<SubmitRunBody, "pipeline">;
}

async function readSubmit(client: ApiClient, file: string, options: SubmitOptions): Promise<ReadSubmit> {
  const from = options.from ?? process.cwd();
  const pipelineFile = readPipelineFile(file, from);
  const parameters = readParameterValues(options.set ?? [], pipelineFile.pipeline.parameters ?? {});
  const folder = dirname(resolve(from, file));
  const git = gitProperties(folder);
  const { limits } = (await client.call(getWorkspace, {})).body;
  const snapshots = readSnapshots(pipelineFile, folder, limits, options);
  const warnings = [...pipelineFile.warnings, ...[...snapshots.values()].flatMap((snapshot) => snapshot.warnings)];
  const body = {
    experimentName: options.experiment ?? experimentNameFor(pipelineFile, file),
    ...(options.displayName !== undefined && { displayName: options.displayName }),
    ...(pipelineFile.pipeline.description !== undefined && { description: pipelineFile.pipeline.description }),
    parameters,
    tags: { ...options.tags },
    properties: await git,
    continueOnStepFailure: options.continueOnStepFailure ?? false,
    regenerateOutputs: options.regenerateOutputs ?? false,
    runSource: "SDK",
    warnings: warnings.slice(0, 100).map((warning) => warning.slice(0, 2048)),
  };
  return { pipelineFile, snapshots, warnings, body };
}

async function bodyOf(
  client: ApiClient,
  { pipelineFile, body }: ReadSubmit,
  snapshotIds: ReadonlyMap<string, string>,
): Promise<SubmitRunBody> {
  return { ...body, pipeline: { ...pipelineFile.pipeline, steps: await graphSteps(client, pipelineFile, snapshotIds) } };
}

/** A snapshot's id is made over its manifest, so it is known before the workspace has the snapshot. */
async function forecast(client: ApiClient, read: ReadSubmit): Promise<ForecastResource> {
  const body = await bodyOf(client, read, new Map([...read.snapshots].map(([folder, { id }]) => [folder, id])));
  return await inFile(
    read.pipelineFile,
    async () => (await client.call(forecastRun, { body }, { idempotent: true, timeoutSeconds: 120 })).body,
  );
}

type Limits = { snapshotBytes: number; snapshotFiles: number };

function readSnapshots(file: PipelineFile, folder: string, limits: Limits, options: SubmitOptions): Map<string, LocalSnapshot> {
  const cacheFolder = options.cacheFolder ?? defaultCacheFolder(process.env);
  const exclude = options.exclude ?? [];
  const folders = new Set(file.steps.flatMap(({ sourceDirectory }) => sourceDirectory ?? []));
  const snapshots = new Map([...folders].map((each) => [each, readSnapshot(each, { limits, cacheFolder, exclude })]));
  const issues = file.steps.flatMap(({ step, sourceDirectory }, index): FileIssue[] => {
    const snapshot = sourceDirectory === undefined ? undefined : snapshots.get(sourceDirectory);
    if (step.type !== "PythonScriptStep" || !snapshot || snapshot.manifest.files.some(({ path }) => path === step.scriptName)) return [];
    const position = file.locate(`/pipeline/steps/${index}/scriptName`);
    const ignoring = `${relative(folder, snapshot.folder) || "."}/${snapshot.ignoreFile ?? ".amlignore"}`;
    const message = `steps.${step.key}: script_name ${JSON.stringify(step.scriptName)} is left out of the snapshot`;
    return [{ file: file.file, ...(position && { position }), message, remedy: `take it back in with a line in ${ignoring}` }];
  });
  if (issues.length > 0) throw new FileError(`${file.file} cannot be submitted`, issues);
  return snapshots;
}

async function uploadAll(client: ApiClient, file: PipelineFile, snapshots: ReadonlyMap<string, LocalSnapshot>) {
  let bytes = await uploadData(client, file.data);
  const ids = new Map<string, string>();
  for (const [folder, snapshot] of snapshots) {
    const { snapshotId, uploadedBytes } = await uploadSnapshot(client, snapshot);
    ids.set(folder, snapshotId);
    bytes += uploadedBytes;
  }
  return { ids, bytes };
}

async function send(client: ApiClient, body: SubmitRunBody, key: string, file: PipelineFile): Promise<RunResource> {
  return await inFile(file, async () => {
    const reply = await client.call(submitRun, { body, headers: { "idempotency-key": key } }, { timeoutSeconds: 120 });
    return reply.body;
  });
}

/** A call about a file: what the server refuses is told at the file's lines. */
async function inFile<T>(file: PipelineFile, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApiProblem) || !error.details.errors?.length || (error.status !== 422 && error.status !== 400)) throw error;
    throw toFileError(error, file);
  }
}

/** What the server found wrong, at the lines of the file where it is about one. */
function toFileError(problem: ApiProblem, file: PipelineFile): FileError {
  const issues = (problem.details.errors ?? []).map(({ pointer, message, remedy }): FileIssue => {
    const position = pointer === undefined ? undefined : file.locate(pointer);
    const about = position || !pointer ? message : `${OPTIONS[pointer] ?? pointer.slice(1)}: ${message}`;
    return { file: file.file, message: about, ...(position && { position }), ...(remedy !== undefined && { remedy }) };
  });
  return new FileError(`${file.file} was refused: ${problem.details.title}`, issues);
}

/** Parts of a submit that come from the command line and not from the file. */
const OPTIONS: Readonly<Record<string, string>> = { "/experimentName": "--experiment", "/displayName": "--display-name" };
