import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ApiClient } from "../../sdk/client.ts";
import { inParallel } from "../../sdk/in-parallel.ts";
import { UserError } from "../../sdk/user-error.ts";
import type { FileResource, OutputResource } from "../../shared/api/resources.ts";
import { listOutputs } from "../../shared/api/routes/runs.ts";
import { getFile, listFiles } from "../../shared/api/routes/storage.ts";
import { isSafeRelativePath } from "../../shared/domain/ids.ts";
import { type Artifact, artifactBytes, artifactsOf } from "../artifacts.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatBytes } from "../format.ts";
import { resolveRun, resolveSteps } from "../resolve-run.ts";
import { printTable } from "../table.ts";

export interface OutputsFlags {
  readonly download?: string;
}

const DOWNLOAD_TIMEOUT_SECONDS = 600;
/** Bytes asked for at once. */
const RANGE_BYTES = 32 * 1024 * 1024;

/**
 * `run outputs RUN [STEP]`: the files of declared outputs and the artifacts; `--download DIR` puts them into `DIR/<step>/<output>/` and
 * `DIR/<step>/artifacts/`.
 */
export async function outputs(
  context: CommandContext,
  reference: string,
  step: string | undefined,
  flags: OutputsFlags,
): Promise<ExitCode> {
  const client = context.client();
  const run = await resolveRun(client, reference);
  const steps = run.kind === "pipelineRun" ? await resolveSteps(client, run, step) : [{ key: run.displayName, runId: run.id, attempt: 1 }];
  const key = step === undefined ? undefined : steps[0]?.key;
  const found = (await client.call(listOutputs, { params: { runId: run.id }, query: key === undefined ? {} : { step: key } })).body.outputs;
  const artifacts = await artifactsOf(client, steps);
  if (context.isJson) context.json({ outputs: found, artifacts });
  else printOutputs(context, found, artifacts);
  if (flags.download !== undefined) await downloadAll(context, client, found, artifacts, resolve(context.io.folder, flags.download));
  return EXIT.ok;
}

function printOutputs({ out, err }: CommandContext, found: readonly OutputResource[], artifacts: readonly Artifact[]): void {
  const sizeOf = ({ size }: FileResource): string => (out.isTTY ? formatBytes(size) : String(size));
  const rows = found.flatMap(({ step, name, datastore, path, files }) => {
    const place = (file: string): string => `${datastore}/${path}/${file}`;
    return files.length === 0
      ? [[step, name, "", `${datastore}/${path}`]]
      : files.map((file) => [step, name, sizeOf(file), place(file.path)]);
  });
  for (const { step, file } of artifacts) rows.push([step, "(artifact)", sizeOf(file), file.path]);
  printTable(out, ["step", "output", "size", "path"], rows);
  if (rows.length === 0) err.line("No outputs were declared, and no step left an artifact.");
}

async function downloadAll(
  { err }: CommandContext,
  client: ApiClient,
  found: readonly OutputResource[],
  artifacts: readonly Artifact[],
  folder: string,
): Promise<void> {
  let count = 0;
  let bytes = 0;
  for (const output of found) {
    const files = await filesOf(client, output);
    const prefix = `${output.path}/`;
    await inParallel(files, 4, (file) => {
      const below = file.path.startsWith(prefix) ? file.path.slice(prefix.length) : "";
      return save(contentOf(client, output.datastore, file), below, join(folder, safeName(output.step), output.name));
    });
    count += files.length;
    bytes += files.reduce((sum, { size }) => sum + size, 0);
  }
  await inParallel(artifacts, 4, (artifact) =>
    save(artifactBytes(client, artifact), artifact.file.path, join(folder, safeName(artifact.step), "artifacts")),
  );
  count += artifacts.length;
  bytes += artifacts.reduce((sum, { file }) => sum + file.size, 0);
  err.line(`${count} ${count === 1 ? "file" : "files"}, ${formatBytes(bytes)}, in ${folder}`);
}

/** All files of an output, page by page; their paths are those in the datastore. */
async function filesOf(client: ApiClient, { datastore, path }: OutputResource): Promise<FileResource[]> {
  const files: FileResource[] = [];
  let cursor: string | undefined;
  do {
    const query = { prefix: `${path}/`, ...(cursor !== undefined && { cursor }) };
    const page = (await client.call(listFiles, { params: { name: datastore }, query })).body;
    files.push(...page.files);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return files;
}

/** A file appears under its name when it is whole. */
async function save(content: AsyncIterable<Uint8Array>, below: string, folder: string): Promise<void> {
  if (!isSafeRelativePath(below)) throw new UserError("conflict", `a file below ${folder} has a name that cannot be written to a folder`);
  const target = join(folder, below);
  // Not the file's name with an ending: it may be as long as names can be.
  const temporary = join(dirname(target), `.${randomUUID()}.part`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await pipeline(content, createWriteStream(temporary));
    await rename(temporary, target);
  } catch (error) {
    throw isFileError(error) ? new UserError("conflict", `${target} cannot be written: ${error.message}`, { cause: error }) : error;
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** A file's bytes, a range at a time: an answer holds no more than so many. */
async function* contentOf(client: ApiClient, datastore: string, { path, size }: FileResource): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < size; from += RANGE_BYTES) {
    const headers = { range: `bytes=${from}-${Math.min(size, from + RANGE_BYTES) - 1}` };
    const options = { timeoutSeconds: DOWNLOAD_TIMEOUT_SECONDS };
    yield (await client.call(getFile, { params: { name: datastore }, query: { path }, headers }, options)).body;
  }
}

/** A step key may hold what a folder's name may not. */
function safeName(key: string): string {
  const name = key.replace(/[/\\:]/g, "_");
  return name === "." || name === ".." ? `_${name}` : name;
}
