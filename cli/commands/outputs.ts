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

/** `run outputs RUN [STEP]`: the files of declared outputs; `--download DIR` puts them into `DIR/<step>/<output>/`. */
export async function outputs(
  context: CommandContext,
  reference: string,
  step: string | undefined,
  flags: OutputsFlags,
): Promise<ExitCode> {
  const client = context.client();
  const run = await resolveRun(client, reference);
  const key = step === undefined ? undefined : (await resolveSteps(client, run, step))[0]?.key;
  const found = (await client.call(listOutputs, { params: { runId: run.id }, query: key === undefined ? {} : { step: key } })).body.outputs;
  if (context.isJson) context.json(found);
  else printOutputs(context, found);
  if (flags.download !== undefined) await downloadAll(context, client, found, resolve(context.io.folder, flags.download));
  return EXIT.ok;
}

function printOutputs({ out, err }: CommandContext, found: readonly OutputResource[]): void {
  const rows = found.flatMap(({ step, name, datastore, path, files }) => {
    const place = (file: string): string => `${datastore}/${path}/${file}`;
    return files.length === 0
      ? [[step, name, "", `${datastore}/${path}`]]
      : files.map((file) => [step, name, out.isTTY ? formatBytes(file.size) : String(file.size), place(file.path)]);
  });
  printTable(out, ["step", "output", "size", "path"], rows);
  if (found.length === 0) err.line("No outputs were declared.");
}

async function downloadAll({ err }: CommandContext, client: ApiClient, found: readonly OutputResource[], folder: string): Promise<void> {
  let count = 0;
  let bytes = 0;
  for (const output of found) {
    const files = await filesOf(client, output);
    await inParallel(files, 4, (file) => download(client, output, file, join(folder, safeName(output.step), output.name)));
    count += files.length;
    bytes += files.reduce((sum, { size }) => sum + size, 0);
  }
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
async function download(client: ApiClient, { datastore, path }: OutputResource, file: FileResource, folder: string): Promise<void> {
  const below = file.path.slice(path.length + 1);
  if (!file.path.startsWith(`${path}/`) || !isSafeRelativePath(below)) {
    throw new UserError("conflict", `${datastore}/${file.path} has a name that cannot be written to a folder`);
  }
  const target = join(folder, below);
  // Not the file's name with an ending: it may be as long as names can be.
  const temporary = join(dirname(target), `.${randomUUID()}.part`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await pipeline(contentOf(client, datastore, file), createWriteStream(temporary));
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
