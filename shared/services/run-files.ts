import type { FileList, FileResource, OutputList, OutputResource } from "../api/resources.ts";
import { ProblemError } from "../domain/problems.ts";
import type { StepRunDocument } from "../domain/run-documents.ts";
import { isSettled } from "../domain/statuses.ts";
import type { BlobInfo, BlobStore } from "../ports/blob-store.ts";
import type { Principal } from "../ports/callers.ts";
import type { ComputeBackend } from "../ports/compute-backend.ts";
import type { RunStore } from "../ports/run-store.ts";
import { outputPlace } from "./build-job.ts";
import { findReused } from "./find-reused.ts";
import type { FoundRun } from "./find-run.ts";
import { reusedSources } from "./reused-sources.ts";
import { reach } from "./run-record.ts";
import { jobOf } from "./step-context.ts";

export interface RunFilesDeps {
  runs: RunStore;
  blobs: BlobStore;
  backend: ComputeBackend;
  /** Container of a datastore of the catalog. */
  containerOf(datastore: string): Promise<string>;
}

/** Bytes of log that one answer holds at the most. */
export const LOG_CHUNK_BYTES = 1024 * 1024;
const OUTPUT_FILES = 1000;

/** Where a run's artifacts lie: those of a step run with what its job left, the others' under their own id, all as Azure ML names them. */
async function artifactFolder({ backend, runs }: RunFilesDeps, found: FoundRun): Promise<{ datastore: string; prefix: string }> {
  if (found.kind === "stepRun") return backend.artifactFolder(jobOf(backend, await doneBy(runs, found)));
  return backend.artifactFolder({ backend: backend.kind, id: found.kind === "pipelineRun" ? found.head.id : found.child.id });
}

export const listArtifacts =
  (deps: RunFilesDeps) =>
  async (
    caller: Principal,
    runId: string,
    { prefix = "", cursor, limit }: { prefix?: string | undefined; cursor?: string | undefined; limit: number },
  ): Promise<FileList> => {
    const folder = await artifactFolder(deps, await reach(deps.runs, caller, runId));
    const { blobs, next } = await deps.blobs.list(folder.datastore, {
      prefix: `${folder.prefix}${prefix}`,
      limit,
      ...(cursor !== undefined && { after: `${folder.prefix}${cursor}` }),
    });
    return {
      files: blobs.map((blob) => toFile(blob, folder.prefix)),
      ...(next !== undefined && { cursor: next.slice(folder.prefix.length) }),
    };
  };

/** Where one artifact lies. */
export const findArtifact =
  (deps: RunFilesDeps) =>
  async (caller: Principal, runId: string, path: string): Promise<{ datastore: string; path: string }> => {
    const folder = await artifactFolder(deps, await reach(deps.runs, caller, runId));
    return { datastore: folder.datastore, path: `${folder.prefix}${path}` };
  };

export const putArtifact =
  (deps: RunFilesDeps) =>
  async (caller: Principal, runId: string, path: string, body: Uint8Array): Promise<FileResource> => {
    const found = await reach(deps.runs, caller, runId);
    if (found.kind === "stepRun" && found.source)
      throw new ProblemError({
        kind: "conflict",
        message: `the step has the results of step run ${found.source.stepRunId} and no files of its own`,
        remedy: "put the file there",
      });
    const ref = await findArtifact(deps)(caller, runId, path);
    const written = await deps.blobs.write(ref, body);
    await deps.blobs.durable();
    if (!written) throw new Error(`artifact ${path} was not written`);
    return { path, size: written.size, modifiedAt: written.modifiedAt };
  };

/** The log files of a step run, in reading order. */
export const listLogs =
  (deps: RunFilesDeps) =>
  async (runId: string, attempt: number | undefined): Promise<FileList> => {
    const found = tryOf(await findStepRun(deps, runId), attempt);
    const files: FileResource[] = [];
    for (const folder of deps.backend.logFolders(jobOf(deps.backend, found))) {
      const { prefix } = deps.backend.artifactFolder(jobOf(deps.backend, found));
      const { blobs } = await deps.blobs.list(folder.datastore, { prefix: folder.prefix, limit: 1000 });
      files.push(...blobs.map((blob) => toFile(blob, prefix)));
    }
    return { files };
  };

/** Bytes of a log from a place on; waits for the first of them when asked. `isComplete`: the step has ended and this is the rest. */
export const readLog =
  (deps: RunFilesDeps) =>
  async (
    runId: string,
    { path, attempt, from, waitSeconds }: { path: string; attempt?: number | undefined; from: number; waitSeconds: number },
  ): Promise<{ bytes: Uint8Array; from: number; isComplete: boolean }> => {
    const signal = AbortSignal.timeout(Math.max(1, Math.ceil(waitSeconds * 1000)));
    for (;;) {
      const seen = deps.runs.changes(runId);
      const stepRun = await findStepRun(deps, runId);
      const read = tryOf(stepRun, attempt);
      const folder = deps.backend.artifactFolder(jobOf(deps.backend, read));
      const ref = { datastore: folder.datastore, path: `${folder.prefix}${path}` };
      const blob = await deps.blobs.stat(ref);
      const size = blob?.size ?? 0;
      const start = from < 0 ? Math.max(0, size + from) : from;
      const hasEnded = isSettled(stepRun.status) || read.attempt < stepRun.attempt;
      const bytes =
        size > start ? ((await deps.blobs.read(ref, { from: start, length: LOG_CHUNK_BYTES })) ?? new Uint8Array()) : new Uint8Array();
      if (bytes.length > 0 || hasEnded || waitSeconds === 0 || signal.aborted) {
        if (!blob && (hasEnded || waitSeconds === 0))
          throw new ProblemError({ kind: "not-found", what: "log", id: path, remedy: "GET /api/runs/{runId}/logs lists those there are" });
        return { bytes, from: start, isComplete: hasEnded && start + bytes.length >= size };
      }
      await firstOf(signal, (both) => [deps.blobs.changed(ref, size, both), deps.runs.changed(stepRun.runId, seen, both)]);
    }
  };

/** Declared outputs of a run's steps (or of one step run), those that began, with what lies there. */
export const listOutputs =
  (deps: RunFilesDeps) =>
  async (caller: Principal, runId: string, stepKey: string | undefined): Promise<OutputList> => {
    const found = await reach(deps.runs, caller, runId);
    const pipelineRunId = found.kind === "pipelineRun" ? found.head.id : found.kind === "stepRun" ? found.stepRun.runId : undefined;
    const graph = pipelineRunId && (await deps.runs.graph(pipelineRunId));
    if (!graph) return { outputs: [] };
    const sources = await reusedSources(deps.runs, graph.runId, (await deps.runs.progress(graph.runId))?.value);
    const outputs: OutputResource[] = [];
    for (const [index, step] of graph.graph.steps.entries()) {
      const stepRunId = graph.stepRunIds[index];
      if (!stepRunId || (stepKey !== undefined && step.key !== stepKey) || (found.kind === "stepRun" && found.stepRun.id !== stepRunId))
        continue;
      for (const [name, output] of Object.entries(step.outputs)) {
        const place = sources.get(index)?.outputs[name] ?? outputPlace(stepRunId, name, output);
        const { blobs } = await deps.blobs.list(await deps.containerOf(place.datastore), { prefix: `${place.path}/`, limit: OUTPUT_FILES });
        outputs.push({ step: step.key, runId: stepRunId, name, ...place, files: blobs.map((blob) => toFile(blob, `${place.path}/`)) });
      }
    }
    return { outputs };
  };

/** Whose files are a step run's: its own, or, where it was settled without a job, those of the one whose results it has. */
async function doneBy(
  runs: RunStore,
  { stepRun, source }: Extract<FoundRun, { kind: "stepRun" }>,
): Promise<{ id: string; attempt: number }> {
  return source ? ((await runs.stepRun(source.stepRunId))?.value ?? { id: source.stepRunId, attempt: 1 }) : stepRun;
}

/** One try of a step: the last unless told. @throws {ProblemError} not-found */
function tryOf({ id, attempt: last }: StepRunDocument, attempt = last): { id: string; attempt: number } {
  if (attempt <= last) return { id, attempt };
  throw new ProblemError({
    kind: "not-found",
    what: "attempt",
    id: String(attempt),
    remedy: last === 1 ? "the step has been tried once" : `the step has been tried ${last} times`,
  });
}

async function findStepRun({ runs }: RunFilesDeps, runId: string) {
  const stored = await runs.stepRun(runId);
  if (stored) return stored.value;
  const reused = await findReused(runs, runId);
  const done = reused && (await runs.stepRun(reused.source.stepRunId));
  if (done) return done.value;
  throw new ProblemError({
    kind: "not-found",
    what: "step run",
    id: runId,
    remedy: "logs belong to step runs: GET /api/runs/{runId}/steps lists them; one that has not begun has none",
  });
}

/** Resolves with the first; the others are told to give up, so that no watcher is left behind. */
async function firstOf(signal: AbortSignal, waits: (signal: AbortSignal) => Promise<void>[]): Promise<void> {
  const controller = new AbortController();
  try {
    await Promise.race(waits(AbortSignal.any([signal, controller.signal])));
  } finally {
    controller.abort();
  }
}

function toFile(blob: BlobInfo, prefix: string): FileResource {
  return { path: blob.path.slice(prefix.length), size: blob.size, modifiedAt: blob.modifiedAt };
}
