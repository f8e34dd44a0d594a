import { createHash } from "node:crypto";
import type { SubmitRunRequest } from "../api/requests.ts";
import { checkGraph } from "../domain/check-graph.ts";
import { RunId } from "../domain/ids.ts";
import { resolveParameters } from "../domain/parameters.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { MAX_PROBLEMS, type ProblemDetail, ProblemError } from "../domain/problems.ts";
import type { Progress, RunGraph, RunHead } from "../domain/run-documents.ts";
import { stepsToRun } from "../domain/run-plan.ts";
import type { SnapshotManifest } from "../domain/snapshot-manifest.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import { encodeDocument } from "../ports/document-rules.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import type { Catalog } from "./catalog.ts";

/** `findSnapshot` absent: snapshots and the files in them are taken on trust. */
export interface CheckSubmitDeps {
  catalog: Catalog;
  findSnapshot?: (snapshotId: string) => Promise<SnapshotManifest | undefined>;
}

export interface SubmitRunDeps extends CheckSubmitDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
  log: Log;
}

/** @param idempotencyKey from the caller; the same key with the same request finds the run of the first time. */
export interface SubmitRunCall {
  caller: Principal;
  request: SubmitRunRequest;
  idempotencyKey?: string | undefined;
}

/**
 * Stores a run and starts it. When this resolves, the run is on disk and will reach an end whatever dies.
 * @throws {ProblemError} `invalid-pipeline` with every problem found; `idempotency-conflict`.
 * @throws {StoreError} `too-large` when tags, properties, parameters and warnings fill more than a document.
 */
export const submitRun =
  (deps: SubmitRunDeps) =>
  async ({ caller, request, idempotencyKey }: SubmitRunCall): Promise<{ runId: RunId }> => {
    const checked = await checkSubmit(deps, request);
    const own = newRun(deps, RunId.parse(deps.clock.newId()), caller, request, checked);
    encodeDocument(own.head); // what is too large to be kept claims no key: the key is still good for a smaller request
    const runId = RunId.parse(await claimRunId(deps, own.head.id, caller, request, idempotencyKey));
    const existing = idempotencyKey === undefined ? undefined : await deps.runs.head(runId);
    if (!existing) await deps.runs.create(runId === own.head.id ? own : newRun(deps, runId, caller, request, checked));
    // One that has ended is not started again: a finished orchestration would be replaced and look at everything anew.
    if (!existing?.value.settled) await start(deps, runId);
    await deps.runs.durable();
    return { runId };
  };

async function start({ orchestrations, log }: SubmitRunDeps, runId: string): Promise<void> {
  try {
    await orchestrations.start("pipelineRun", runId, { runId, watchdog: false });
  } catch (error) {
    // The run is stored: the reconciler starts it. Answering an error would make the caller submit a second one.
    log.error("run is stored but was not started; the reconciler will", { runId, cause: String(error) });
  }
}

export interface CheckedSubmit {
  /** In an order where dependencies come first. */
  steps: PipelineGraph["steps"];
  parameters: RunHead["parameters"];
}

/**
 * What a submit would run, checked.
 * @throws {ProblemError} `invalid-pipeline` with every problem found.
 */
export async function checkSubmit(deps: CheckSubmitDeps, request: SubmitRunRequest): Promise<CheckedSubmit> {
  const { pipeline } = request;
  const graph = checkGraph(pipeline);
  const { values, problems } = resolveParameters(pipeline, request.parameters);
  const inGraph = "problems" in graph ? graph.problems : [];
  const inCatalog = await checkReferences(deps, pipeline);
  const found = [
    ...problems,
    ...[...inGraph, ...inCatalog].map((problem) => ({ ...problem, pointer: `/pipeline${problem.pointer ?? ""}` })),
  ];
  if (found.length > 0 || "problems" in graph) throw new ProblemError({ kind: "invalid-pipeline", errors: found.slice(0, MAX_PROBLEMS) });
  return { steps: stepsToRun(pipeline, graph.dag), parameters: values };
}

/** Everything the graph names that must be in the workspace: computes, datastores, snapshots and the scripts in them. Each name is looked up once. */
async function checkReferences({ catalog, findSnapshot }: CheckSubmitDeps, pipeline: PipelineGraph): Promise<ProblemDetail[]> {
  const once = <T>(look: (name: string) => Promise<T>) => {
    const seen = new Map<string, Promise<T>>();
    return (name: string) => {
      const found = seen.get(name) ?? look(name);
      seen.set(name, found);
      return found;
    };
  };
  const compute = once((name) => catalog.find("computes", name));
  const datastore = once((name) => catalog.find("datastores", name));
  const snapshot = once(async (id) => {
    const manifest = await findSnapshot?.(id);
    return manifest && new Set(manifest.files.map((file) => file.path));
  });
  const problems: ProblemDetail[] = [];
  const missing = async (pointer: string, kind: "computes" | "datastores", name: string) => {
    if (problems.length >= MAX_PROBLEMS || (await (kind === "computes" ? compute(name) : datastore(name)))) return;
    const names = (await catalog.list(kind)).map((entry) => entry.name);
    problems.push({
      pointer,
      message: `the workspace has no ${kind.slice(0, -1)} ${JSON.stringify(name)}`,
      remedy: `known: ${names.join(", ") || "none"}`,
    });
  };
  if (pipeline.defaultCompute) await missing("/defaultCompute", "computes", pipeline.defaultCompute);
  for (const [index, step] of pipeline.steps.entries()) {
    const at = `/steps/${index}`;
    if (step.compute) await missing(`${at}/compute`, "computes", step.compute);
    for (const [name, { source }] of Object.entries(step.inputs))
      if ("datastore" in source) await missing(`${at}/inputs/${name}/source/datastore`, "datastores", source.datastore);
    for (const [name, { datastore }] of Object.entries(step.outputs))
      await missing(`${at}/outputs/${name}/datastore`, "datastores", datastore);
    if (step.snapshotId === undefined || !findSnapshot) continue;
    const files = await snapshot(step.snapshotId);
    if (!files)
      problems.push({
        pointer: `${at}/snapshotId`,
        message: `the workspace has no snapshot ${step.snapshotId}`,
        remedy: "upload it first (POST /api/snapshots)",
      });
    else if (step.type === "PythonScriptStep" && !files.has(step.scriptName))
      problems.push({
        pointer: `${at}/scriptName`,
        message: `the snapshot of step ${JSON.stringify(step.key)} has no file ${JSON.stringify(step.scriptName)}`,
        remedy: nearest(step.scriptName, files),
      });
  }
  return problems;
}

function nearest(wanted: string, files: ReadonlySet<string>): string {
  const scripts = [...files].filter((file) => file.endsWith(".py")).slice(0, 10);
  const base = wanted.split("/").at(-1);
  const same = [...files].find((file) => file.split("/").at(-1)?.toLowerCase() === base?.toLowerCase());
  if (same) return `did you mean ${JSON.stringify(same)}?`;
  return scripts.length > 0 ? `it has: ${scripts.join(", ")}` : "it has no Python file; is it ignored by .amlignore?";
}

/** The id under which the run is stored: its own, or the one that the key was claimed for. */
async function claimRunId(
  { runs }: SubmitRunDeps,
  ownId: string,
  caller: Principal,
  request: SubmitRunRequest,
  key: string | undefined,
): Promise<string> {
  if (key === undefined) return ownId;
  const bodyHash = createHash("sha256").update(JSON.stringify(request)).digest("hex");
  const claimed = await runs.claimKey(createHash("sha256").update(`${caller.tenantId}:${caller.objectId}:${key}`).digest("hex"), {
    runId: ownId,
    bodyHash,
  });
  if (claimed.bodyHash !== bodyHash) throw new ProblemError({ kind: "idempotency-conflict", key });
  return claimed.runId;
}

function newRun(
  { clock }: SubmitRunDeps,
  runId: RunId,
  caller: Principal,
  request: SubmitRunRequest,
  { steps, parameters }: CheckedSubmit,
): { head: RunHead; graph: RunGraph; progress: Progress } {
  const { targets: _targets, ...graph } = request.pipeline;
  return {
    graph: { runId, graph: { ...graph, steps }, stepRunIds: steps.map(() => RunId.parse(clock.newId())) },
    progress: { runId, steps: "n".repeat(steps.length), lastMarker: "" },
    head: {
      id: runId,
      experimentName: request.experimentName,
      displayName: request.displayName ?? request.pipeline.name ?? request.experimentName,
      ...((request.description ?? request.pipeline.description) !== undefined && {
        description: request.description ?? request.pipeline.description,
      }),
      status: "NotStarted",
      settled: false,
      createdAt: new Date(clock.now()).toISOString(),
      createdBy: {
        objectId: caller.objectId,
        tenantId: caller.tenantId,
        ...("name" in caller && caller.name !== undefined && { name: caller.name }),
      },
      continueOnStepFailure: request.continueOnStepFailure,
      ...(request.regenerateOutputs && { regenerateOutputs: true }),
      stepCount: steps.length,
      parameters,
      tags: request.tags,
      properties: { "azureml.runsource": "azureml.PipelineRun", ...shownParameters(parameters), ...request.properties },
      warnings: request.warnings,
    },
  };
}

/** v1's property with all values as one JSON text; left out where it would not fit into a property (the run has them as `parameters`). */
function shownParameters(parameters: RunHead["parameters"]): Record<string, string> {
  const text = JSON.stringify(Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value])));
  return text.length <= 8192 ? { "azureml.parameters": text } : {};
}
