import { advance, type Decision } from "../domain/advance.ts";
import type { Progress, RunHead } from "../domain/run-documents.ts";
import { planOf, type RunPlan } from "../domain/run-plan.ts";
import { isSettled, type SettledStepStatus } from "../domain/statuses.ts";
import type { AdvanceSummary, PipelineRunInput } from "../domain/turns.ts";
import { floorOf, timeOf } from "../domain/uuid7.ts";
import type { Clock } from "../ports/clock.ts";
import { type Stored, StoreError } from "../ports/documents.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import { inBatches } from "./in-batches.ts";

export interface AdvanceRunDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
  log: Log;
  /** How far back of the last marker seen to read again: clocks differ between hosts, and a marker's write may land late. */
  markerLookbackMs: number;
}

const PARALLEL_CALLS = 16;
const RETRY_SECONDS = 5;

/**
 * Moves a pipeline run on: reads what is true, decides by domain code, starts what is ready, stores how far it is. Any number of
 * calls, doubled or late, lead to the same end. At most three writes of its own: wake flag, progress, head.
 * A store that is busy is an outcome (`retryAfterSeconds`), not an error.
 */
export const advanceRun =
  (deps: AdvanceRunDeps) =>
  async (input: PipelineRunInput): Promise<AdvanceSummary> => {
    try {
      return await turn(deps, input);
    } catch (error) {
      if (!(error instanceof StoreError && error.retryable)) throw error;
      deps.log.warn("run could not be advanced; it is tried again", { runId: input.runId, cause: error.message });
      return { running: 0, settled: 0, total: 0, retryAfterSeconds: RETRY_SECONDS };
    }
  };

async function turn(deps: AdvanceRunDeps, { runId, watchdog }: PipelineRunInput): Promise<AdvanceSummary> {
  const { runs, clock } = deps;
  // Cleared before anything is read: a step that settles later turns it on again and is heard.
  await runs.clearWake(runId, clock.now());
  const [head, graph, stored] = await Promise.all([runs.head(runId), runs.graph(runId), runs.progress(runId)]);
  if (!head || !graph || !stored) throw new Error(`run ${runId} has no ${head ? (graph ? "progress" : "graph") : "head"}`);
  const plan = planOf(graph);
  const known = stored.value;
  if (known.outcome === undefined) {
    const markers = await runs.settledAfter(runId, known.lastMarker && floorOf(timeOf(known.lastMarker) - deps.markerLookbackMs));
    const settled: { index: number; status: SettledStepStatus }[] = markers.map(({ marker }) => marker);
    if (watchdog) settled.push(...(await lookAtStarted(deps, plan, known)));
    const facts = {
      settled,
      cancelRequested: head.value.cancelRequestedAt !== undefined,
      continueOnStepFailure: head.value.continueOnStepFailure,
    };
    const decision = advance(plan, known, facts);
    const lastMarker = markers.at(-1)?.key ?? "";
    if (lastMarker > known.lastMarker) decision.progress.lastMarker = lastMarker;
    await carryOut(deps, plan, stored, decision);
    await moveHead(deps, head, decision.progress, plan);
    return summarize(decision.progress);
  }
  await moveHead(deps, head, known, plan);
  return summarize(known);
}

/** On a watchdog turn every started step is asked for: whether it has settled unheard, and whether anybody still drives it. */
async function lookAtStarted(
  { runs, orchestrations }: AdvanceRunDeps,
  plan: RunPlan,
  progress: Progress,
): Promise<{ index: number; status: SettledStepStatus }[]> {
  const found: { index: number; status: SettledStepStatus }[] = [];
  const started = [...progress.steps].flatMap((letter, index) => (letter === "s" ? [index] : []));
  await inBatches(started, PARALLEL_CALLS, async (index) => {
    const { stepRunId, input } = stepInput(plan, index);
    const document = (await runs.stepRun(stepRunId))?.value;
    if (document && isSettled(document.status)) found.push({ index, status: document.status });
    else if (!(await orchestrations.look(stepRunId))?.live) await orchestrations.start("stepRun", stepRunId, input);
  });
  return found;
}

/** Starting comes first and marking second: a crash between the two starts a step again, which finds itself begun. */
async function carryOut(
  { runs, orchestrations }: AdvanceRunDeps,
  plan: RunPlan,
  stored: Stored<Progress>,
  { progress, start, stop }: Decision,
): Promise<void> {
  await inBatches(start, PARALLEL_CALLS, async (index) => {
    const { stepRunId, input } = stepInput(plan, index);
    await orchestrations.start("stepRun", stepRunId, input);
  });
  const isNews = JSON.stringify(progress) !== JSON.stringify(stored.value);
  if (isNews && !(await runs.replaceProgress(progress, stored.etag)))
    throw new StoreError("busy", `progress of run ${progress.runId} was moved by another call`);
  await inBatches(stop, PARALLEL_CALLS, (index) =>
    orchestrations.raise(stepInput(plan, index).stepRunId, "jobChanged", { reason: "run stops" }),
  );
}

function stepInput(plan: RunPlan, index: number): { stepRunId: string; input: object } {
  const stepRunId = plan.graph.stepRunIds[index];
  if (stepRunId === undefined) throw new Error(`run ${plan.graph.runId} has no step ${index}`);
  return { stepRunId, input: { runId: plan.graph.runId, stepRunId, index } };
}

/** The head says for everybody what the progress document implies. A caller's cancel may move it at the same time: then the next turn does it. */
async function moveHead({ runs, clock, log }: AdvanceRunDeps, head: Stored<RunHead>, progress: Progress, plan: RunPlan): Promise<void> {
  const before = head.value;
  const now = new Date(clock.now()).toISOString();
  if (before.settled || (progress.outcome === undefined && before.startedAt !== undefined)) return;
  const failed = progress.firstFailed;
  const failure = progress.outcome === "Failed" && failed !== undefined ? await failureOf(runs, plan, failed) : undefined;
  const after: RunHead = {
    ...before,
    startedAt: before.startedAt ?? now,
    ...(before.status === "NotStarted" && { status: "Running" }),
    ...(progress.outcome && { status: progress.outcome, settled: true, endedAt: now }),
    ...(failure && { failure }),
  };
  if (!(await runs.replaceHead(after, head.etag))) throw new StoreError("busy", `head of run ${before.id} was moved by another call`);
  if (progress.outcome) log.info("run ended", { runId: before.id, status: progress.outcome });
}

async function failureOf(runs: RunStore, plan: RunPlan, index: number): Promise<RunHead["failure"]> {
  const step = plan.graph.graph.steps[index];
  const stepRunId = plan.graph.stepRunIds[index];
  if (!step || !stepRunId) return undefined;
  const failure = (await runs.stepRun(stepRunId))?.value.failure;
  return {
    code: failure?.code ?? "StepFailed",
    cause: `step ${JSON.stringify(step.key)} failed${failure ? `: ${failure.cause}` : ""}`,
    ...(failure?.remedy && { remedy: failure.remedy }),
    ...(failure?.exitCode !== undefined && { exitCode: failure.exitCode }),
    step: step.key,
    stepRunId,
  };
}

function summarize(progress: Progress): AdvanceSummary {
  const count = (letters: RegExp) => progress.steps.match(letters)?.length ?? 0;
  return { outcome: progress.outcome, running: count(/s/g), settled: count(/[cfxk]/g), total: progress.steps.length };
}
