import type { ResubmitRunRequest } from "../api/requests.ts";
import type { RunId } from "../domain/ids.ts";
import type { Assignment } from "../domain/parameters.ts";
import { ProblemError, someOf } from "../domain/problems.ts";
import type { ReuseSource } from "../domain/reuse.ts";
import type { Progress, RunHead } from "../domain/run-documents.ts";
import { planOf, type RunPlan } from "../domain/run-plan.ts";
import type { Principal } from "../ports/callers.ts";
import type { RunStore } from "../ports/run-store.ts";
import { checkAgain } from "./check-pipeline.ts";
import type { CheckReferencesDeps } from "./check-references.ts";
import { type ClaimDeps, missingOutput } from "./claim-step.ts";
import { type EffectiveParametersDeps, effectiveParameters } from "./effective-parameters.ts";
import { inBatches } from "./in-batches.ts";
import { asGiven } from "./pipeline-source.ts";
import { reusedSources } from "./reused-sources.ts";
import { type StartRunDeps, startRun } from "./start-run.ts";
import { readableStepRun } from "./step-context.ts";

export interface ResubmitRunDeps
  extends StartRunDeps,
    CheckReferencesDeps,
    EffectiveParametersDeps,
    Pick<ClaimDeps, "blobs" | "containerOf"> {}

export interface ResubmitCall {
  caller: Principal;
  /** The run to go on from. */
  runId: string;
  request: ResubmitRunRequest;
  idempotencyKey?: string | undefined;
}

interface Earlier {
  head: RunHead;
  plan: RunPlan;
  progress: Progress;
}

const PARALLEL_LOOKS = 16;

/**
 * Runs a pipeline run again as a new run: from the steps that did not complete, or from chosen ones and all that come behind them. What had
 * completed is kept, with the first run's results, also where a parameter that it read has another value now; a warning says so.
 * @throws {ProblemError} not-found; conflict when the run goes on or nothing is left to run; `invalid-request` for an unknown step;
 *   `invalid-pipeline` for parameters and for what the graph names and is gone.
 */
export const resubmitRun =
  (deps: ResubmitRunDeps) =>
  async ({ caller, runId, request, idempotencyKey }: ResubmitCall): Promise<{ runId: RunId }> => {
    const earlier = await readEarlier(deps.runs, runId);
    const { head, plan } = earlier;
    const { graph } = plan.graph;
    const { steps: chosen, parameters: given, ...options } = request;
    const assignments = [...givenTo(head), { origin: "resubmit" as const, values: given }];
    const { parameters, problems } = await effectiveParameters(deps, graph, assignments);
    await checkAgain(deps, graph, problems);
    const kept = await keptSteps(deps, earlier, chosen);
    if (kept.size === graph.steps.length) throw nothingLeft(head);
    return await startRun(deps, {
      caller,
      graph,
      parameters,
      kept,
      head: {
        ...options,
        experimentName: options.experimentName ?? head.experimentName,
        displayName: options.displayName ?? head.displayName,
        ...((options.description ?? head.description) !== undefined && { description: options.description ?? head.description }),
        tags: { ...head.tags, ...options.tags },
        continueOnStepFailure: options.continueOnStepFailure ?? head.continueOnStepFailure,
        runSource: options.runSource ?? "API",
        resubmittedFrom: head.id,
        ...(head.pipelineId && { pipelineId: head.pipelineId }),
        ...(head.pipelineEndpointId && { pipelineEndpointId: head.pipelineEndpointId }),
        warnings: keptInSpite(plan, kept, Object.keys(given)),
      },
      idempotency: idempotencyKey === undefined ? undefined : { key: idempotencyKey, request: { resubmit: runId, ...request } },
    });
  };

async function readEarlier(runs: RunStore, runId: string): Promise<Earlier> {
  const [head, graph, progress] = await Promise.all([runs.head(runId), runs.graph(runId), runs.progress(runId)]);
  if (!head || !graph || !progress)
    throw new ProblemError({
      kind: "not-found",
      what: "pipeline run",
      id: runId,
      remedy: "GET /api/runs lists them; a step run cannot be resubmitted",
    });
  if (!head.value.settled)
    throw new ProblemError({
      kind: "conflict",
      message: `run ${runId} is ${head.value.status}: it may still do what would be run again`,
      remedy: `wait for its end, or cancel it with POST /api/runs/${runId}/cancel`,
    });
  return { head: head.value, plan: planOf(graph), progress: progress.value };
}

function nothingLeft({ id }: RunHead): ProblemError {
  return new ProblemError({
    kind: "conflict",
    message: `every step of run ${id} has completed, so there is nothing to run again`,
    remedy: "name the steps to run anew in `steps`, or submit the pipeline",
  });
}

/** What was given to the first run, each value still with who gave it. */
function givenTo({ parameters }: RunHead): Assignment[] {
  return Object.entries(parameters).flatMap(([name, { value, origin }]) =>
    origin === "default" ? [] : [{ origin, values: { [name]: asGiven(value) } }],
  );
}

/** Steps that had completed, that nobody wants anew, and whose results are still there; a step behind one that runs anew runs too. */
async function keptSteps(
  deps: ResubmitRunDeps,
  earlier: Earlier,
  chosen: readonly string[] | undefined,
): Promise<Map<number, ReuseSource>> {
  const { plan, progress } = earlier;
  const wanted = new Set(chosen?.map((key) => indexOf(plan, key)));
  const sources = await sourcesOf(deps, earlier);
  const kept = new Map<number, ReuseSource>();
  plan.dependsOn.forEach((dependencies, index) => {
    const source = sources.get(index);
    const isDone = progress.steps[index] === "c" || progress.steps[index] === "r";
    if (source && isDone && !wanted.has(index) && dependencies.every((dependency) => kept.has(dependency))) kept.set(index, source);
  });
  return kept;
}

function indexOf({ indexOf: known }: RunPlan, key: string): number {
  const index = known.get(key);
  if (index !== undefined) return index;
  const remedy = `it has: ${someOf([...known.keys()]).join(", ")}`;
  throw new ProblemError({
    kind: "invalid-request",
    errors: [{ pointer: "/steps", message: `the run has no step ${JSON.stringify(key)}`, remedy }],
  });
}

/** Whose results each completed step has, where they are still there. */
async function sourcesOf(deps: ResubmitRunDeps, { head, plan, progress }: Earlier): Promise<Map<number, ReuseSource>> {
  const sources = new Map(await reusedSources(deps.runs, head.id, progress));
  const own = [...progress.steps].flatMap((letter, index) => (letter === "c" ? [index] : []));
  await inBatches(own, PARALLEL_LOOKS, async (index) => {
    const stepRunId = plan.graph.stepRunIds[index];
    const stepRun = stepRunId && (await readableStepRun(deps.runs, stepRunId))?.value;
    if (stepRun) sources.set(index, { runId: head.id, stepRunId: stepRun.id, outputs: stepRun.outputs });
  });
  await inBatches([...sources], PARALLEL_LOOKS, async ([index, source]) => {
    if (isRead(plan, index) && (await missingOutput(deps, source)) !== undefined) sources.delete(index);
  });
  return sources;
}

/** Whether another step takes an output of this one: results that nobody reads may be gone. */
function isRead({ graph: { graph } }: RunPlan, index: number): boolean {
  const key = graph.steps[index]?.key;
  return graph.steps.some(({ inputs }) => Object.values(inputs).some(({ source }) => "step" in source && source.step === key));
}

/** Steps that read a parameter which was given another value, and are kept all the same. */
function keptInSpite({ graph: { graph } }: RunPlan, kept: ReadonlyMap<number, unknown>, changed: readonly string[]): string[] {
  return graph.steps.flatMap((step, index) => {
    const read = new Set([
      ...Object.values(step.parameters).flatMap((given) => (typeof given === "object" ? [given.source] : [])),
      ...Object.values(step.inputs).flatMap(({ source }) => ("parameter" in source ? [source.parameter] : [])),
    ]);
    const names = changed.filter((name) => read.has(name));
    if (!kept.has(index) || names.length === 0) return [];
    return [
      `step ${JSON.stringify(step.key)} was kept as it had completed, although it reads ${names.join(", ")}: name it in \`steps\` to run it anew`,
    ];
  });
}
