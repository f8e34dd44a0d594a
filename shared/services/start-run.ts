import { createHash } from "node:crypto";
import { RunId } from "../domain/ids.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { ProblemError } from "../domain/problems.ts";
import type { ReusedStep, ReuseSource } from "../domain/reuse.ts";
import type { EffectiveParameter, Progress, RunGraph, RunHead } from "../domain/run-documents.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import { encodeDocument } from "../ports/document-rules.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import { callerOf } from "./caller-of.ts";
import { PAGE_STEPS } from "./reused-sources.ts";

export interface StartRunDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
  log: Log;
}

/** A key under which a caller may ask again, and what it asked: the same key with another request is refused. */
export interface Idempotency {
  key: string;
  request: unknown;
}

/** A run that was found to be in order: all that is left is to store and start it. */
export interface NewRun {
  caller: Principal;
  /** Steps in an order where dependencies come first, without `targets`. */
  graph: PipelineGraph;
  parameters: Record<string, EffectiveParameter>;
  /** What the head says beside that. */
  head: Pick<RunHead, "experimentName" | "displayName" | "continueOnStepFailure" | "tags" | "properties" | "warnings" | "runSource"> &
    Partial<
      Pick<
        RunHead,
        | "description"
        | "stepTags"
        | "parentRunId"
        | "regenerateOutputs"
        | "pipelineId"
        | "pipelineEndpointId"
        | "pipelineEndpointVersion"
        | "draftId"
        | "resubmittedFrom"
        | "scheduleId"
      >
    >;
  /** Steps that are settled from the beginning by the results of an earlier run, by index. */
  kept?: ReadonlyMap<number, ReuseSource> | undefined;
  idempotency?: Idempotency | undefined;
  /** The id to store it under, chosen by somebody who may ask again: the run that has it is the one. Absent: a new one. */
  runId?: RunId | undefined;
}

/**
 * Stores a run and starts it, by whichever door it came. When this resolves, the run is on disk and will reach an end whatever dies.
 * @throws {ProblemError} `idempotency-conflict`.
 * @throws {StoreError} `too-large` when tags, properties, parameters and warnings fill more than a document.
 */
export async function startRun(deps: StartRunDeps, run: NewRun): Promise<{ runId: RunId }> {
  const own = documentsOf(deps, run, run.runId ?? RunId.parse(deps.clock.newId()));
  encodeDocument(own.head); // what is too large to be kept claims no key: the key is still good for a smaller request
  const runId = RunId.parse(await claimRunId(deps, own.head.id, run));
  const mayBeThere = run.idempotency !== undefined || run.runId !== undefined;
  const existing = mayBeThere ? await deps.runs.head(runId) : undefined;
  if (!existing) await create(deps, runId === own.head.id ? own : documentsOf(deps, run, runId));
  // One that has ended is not started again: a finished orchestration would be replaced and look at everything anew.
  if (!existing?.value.settled) await start(deps, runId);
  await deps.runs.durable();
  return { runId };
}

interface Documents {
  head: RunHead;
  graph: RunGraph;
  progress: Progress;
  kept: ReusedStep[];
}

/** What a run's progress counts is stored before it. */
async function create({ runs, clock }: StartRunDeps, { kept, ...run }: Documents): Promise<void> {
  const reusedPages: string[] = [];
  for (let from = 0; from < kept.length; from += PAGE_STEPS) {
    const page = clock.newId();
    await runs.addReused(run.head.id, page, kept.slice(from, from + PAGE_STEPS));
    reusedPages.push(page);
  }
  await runs.create({ ...run, progress: { ...run.progress, ...(reusedPages.length > 0 && { reusedPages }) } });
}

async function start({ orchestrations, log }: StartRunDeps, runId: string): Promise<void> {
  try {
    await orchestrations.start("pipelineRun", runId, { runId, watchdog: false });
  } catch (error) {
    // The run is stored: the reconciler starts it. Answering an error would make the caller submit a second one.
    log.error("run is stored but was not started; the reconciler will", { runId, cause: String(error) });
  }
}

/** The id under which the run is stored: its own, or the one that the key was claimed for. */
async function claimRunId({ runs }: StartRunDeps, ownId: string, { caller, idempotency }: NewRun): Promise<string> {
  if (idempotency === undefined) return ownId;
  const { key, request } = idempotency;
  const bodyHash = createHash("sha256").update(JSON.stringify(request)).digest("hex");
  const claimed = await runs.claimKey(createHash("sha256").update(`${caller.tenantId}:${caller.objectId}:${key}`).digest("hex"), {
    runId: ownId,
    bodyHash,
  });
  if (claimed.bodyHash !== bodyHash) throw new ProblemError({ kind: "idempotency-conflict", key });
  return claimed.runId;
}

function documentsOf({ clock }: StartRunDeps, run: NewRun, runId: RunId): Documents {
  const { graph, parameters, head, kept = new Map<number, ReuseSource>() } = run;
  const at = new Date(clock.now()).toISOString();
  const stepRunIds = graph.steps.map(() => RunId.parse(clock.newId()));
  return {
    kept: stepRunIds.flatMap((stepRunId, index) => {
      const source = kept.get(index);
      return source ? [{ index, stepRunId, at, source }] : [];
    }),
    graph: { runId, graph, stepRunIds },
    progress: { runId, steps: graph.steps.map((_, index) => (kept.has(index) ? "r" : "n")).join(""), lastMarker: "" },
    head: {
      id: runId,
      ...head,
      status: "NotStarted",
      settled: false,
      createdAt: new Date(clock.now()).toISOString(),
      createdBy: callerOf(run.caller),
      stepCount: graph.steps.length,
      parameters,
      properties: { "azureml.runsource": "azureml.PipelineRun", ...shownParameters(parameters), ...head.properties },
    },
  };
}

/** v1's property with all values as one JSON text; left out where it would not fit into a property (the run has them as `parameters`). */
function shownParameters(parameters: RunHead["parameters"]): Record<string, string> {
  const text = JSON.stringify(Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value])));
  return text.length <= 8192 ? { "azureml.parameters": text } : {};
}
