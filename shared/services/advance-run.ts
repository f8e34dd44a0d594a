import type { Failure, Progress, RunHead } from "../domain/run-documents.ts";
import { planOf, type RunPlan } from "../domain/run-plan.ts";
import { collectWarnings } from "../domain/run-warnings.ts";
import { isSettled, type SettledStepStatus } from "../domain/statuses.ts";
import type { AdvanceSummary, PipelineRunInput } from "../domain/turns.ts";
import { floorOf, timeOf } from "../domain/uuid7.ts";
import type { Clock } from "../ports/clock.ts";
import { type Stored, StoreError } from "../ports/documents.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import { leaveMarker } from "./announce-settled.ts";
import { type DecideRunDeps, decideRun, type RunDecision } from "./decide-run.ts";
import { inBatches } from "./in-batches.ts";
import { instantOfRun } from "./instant-of-run.ts";
import { PAGE_STEPS } from "./reused-sources.ts";
import { settleReuse } from "./settle-reuse.ts";
import { readableStepRun } from "./step-context.ts";

export interface AdvanceRunDeps extends DecideRunDeps {
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

async function turn(deps: AdvanceRunDeps, { runId, watchdog, turn: name }: PipelineRunInput): Promise<AdvanceSummary> {
  const { runs, clock } = deps;
  // Cleared before anything is read: a step that settles later turns it on again and is heard.
  await runs.clearWake(runId, clock.now());
  let [head, graph, stored] = await Promise.all([runs.head(runId), runs.graph(runId), runs.progress(runId)]);
  if (!head || !graph || !stored) throw new Error(`run ${runId} has no ${head ? (graph ? "progress" : "graph") : "head"}`);
  const plan = planOf(graph);
  const known = stored.value;
  if (known.outcome !== undefined) {
    await moveHead(deps, head, known, plan);
    return summarize(known);
  }
  const markers = await runs.settledAfter(runId, readFrom(deps, known));
  const settled: Settled[] = markers.map(({ marker }) => marker);
  if (watchdog || (name !== undefined && known.turn === name)) settled.push(...(await lookAtStarted(deps, plan, known)));
  // A cancel that came since the head was read may be what canceled a step: then it is no failure.
  if (settled.some(({ status }) => status === "Canceled")) head = (await runs.head(runId)) ?? head;
  const facts = {
    settled,
    cancelRequested: head.value.cancelRequestedAt !== undefined,
    continueOnStepFailure: head.value.continueOnStepFailure,
  };
  const decision = await decideRun(deps, head.value, plan, known, facts);
  if (decision.start.length > 0 && name !== undefined) decision.progress.turn = name;
  const lastMarker = markers.at(-1)?.key ?? "";
  if (lastMarker > known.lastMarker) decision.progress.lastMarker = lastMarker;
  await keepReused(deps, decision);
  await carryOut(deps, plan, stored, decision, watchdog);
  await moveHead(deps, head, decision.progress, plan);
  return { ...summarize(decision.progress), ...(decision.more && { more: true }) };
}

interface Settled {
  index: number;
  status: SettledStepStatus;
}

/** Where reading of markers begins. A clock that was ahead and was put right must not hide what settles from now on. */
function readFrom({ clock, markerLookbackMs }: AdvanceRunDeps, { lastMarker }: Progress): string {
  return lastMarker && floorOf(Math.min(timeOf(lastMarker), clock.now()) - markerLookbackMs);
}

/** On a watchdog turn every started step is asked for: whether it has settled unheard, and whether anybody still drives it. */
async function lookAtStarted(deps: AdvanceRunDeps, plan: RunPlan, progress: Progress): Promise<Settled[]> {
  const { runs, orchestrations } = deps;
  const found: Settled[] = [];
  await inBatches(indexesOf(progress.steps, "s"), PARALLEL_CALLS, async (index) => {
    const { stepRunId, input } = stepInput(plan, index);
    const document = (await readableStepRun(runs, stepRunId))?.value;
    if (document && isSettled(document.status)) {
      found.push({ index, status: document.status });
      // Whoever settled it died before: lists of steps and the run's end are read from markers.
      await leaveMarker(runs, document);
      await settleReuse(deps, document);
    } else if (!(await orchestrations.look(stepRunId))?.live) await orchestrations.start("stepRun", stepRunId, input);
  });
  return found;
}

/** Reused steps are stored before the progress that counts them. */
async function keepReused({ runs, clock }: AdvanceRunDeps, { progress, reused }: RunDecision): Promise<void> {
  for (let from = 0; from < reused.length; from += PAGE_STEPS) {
    const page = clock.newId();
    await runs.addReused(progress.runId, page, reused.slice(from, from + PAGE_STEPS));
    progress.reusedPages = [...(progress.reusedPages ?? []), page];
  }
}

/**
 * Marking comes first and starting second, so that whoever starts finds itself wanted, and a run that stops knows of every step that runs. A look
 * that died between the two is made again under its name, and then starts what does not run.
 */
async function carryOut(
  { runs, orchestrations }: AdvanceRunDeps,
  plan: RunPlan,
  stored: Stored<Progress>,
  { progress, start, stop, fingerprints }: RunDecision,
  watchdog: boolean,
): Promise<void> {
  const isNews = JSON.stringify(progress) !== JSON.stringify(stored.value);
  if (isNews && !(await runs.replaceProgress(progress, stored.etag)))
    throw new StoreError("busy", `progress of run ${progress.runId} was moved by another call`);
  await inBatches(start, PARALLEL_CALLS, async (index) => {
    const { stepRunId, input } = stepInput(plan, index);
    await orchestrations.start("stepRun", stepRunId, { ...input, fingerprint: fingerprints.get(index) });
  });
  // Told again on a watchdog turn: a step that was not reached the first time may wait for minutes before it looks by itself.
  const told = watchdog && progress.stopping ? indexesOf(progress.steps, "s") : stop;
  await inBatches(told, PARALLEL_CALLS, (index) =>
    orchestrations.raise(stepInput(plan, index).stepRunId, "jobChanged", { reason: "run stops" }),
  );
}

function indexesOf(steps: string, letter: string): number[] {
  return [...steps].flatMap((found, index) => (found === letter ? [index] : []));
}

function stepInput(plan: RunPlan, index: number): { stepRunId: string; input: object } {
  const stepRunId = plan.graph.stepRunIds[index];
  if (stepRunId === undefined) throw new Error(`run ${plan.graph.runId} has no step ${index}`);
  return { stepRunId, input: { runId: plan.graph.runId, stepRunId, index } };
}

/** The head says for everybody what the progress document implies. A caller's cancel may move it at the same time: then it is read again. */
async function moveHead(deps: AdvanceRunDeps, head: Stored<RunHead>, progress: Progress, plan: RunPlan): Promise<void> {
  const { runs, clock, log } = deps;
  const { outcome } = progress;
  const ending = outcome !== undefined && !head.value.settled ? await endOf(runs, plan, progress, head.value) : {};
  let stored: Stored<RunHead> | undefined = head;
  while (stored) {
    const before: RunHead = stored.value;
    if (before.settled || (outcome === undefined && before.startedAt !== undefined)) return;
    const now = instantOfRun(before, clock.now());
    const after: RunHead = {
      ...before,
      startedAt: before.startedAt ?? now,
      ...(before.status === "NotStarted" && { status: "Running" }),
      ...(outcome && { status: outcome, settled: true, endedAt: now, ...ending }),
    };
    if (await runs.replaceHead(after, stored.etag)) break;
    stored = await runs.head(before.id);
  }
  if (outcome) log.info("run ended", { runId: head.value.id, status: outcome });
}

/** What a run's end says of its steps: why it failed, and every warning. */
async function endOf(
  runs: RunStore,
  plan: RunPlan,
  { outcome, firstFailed }: Progress,
  head: RunHead,
): Promise<Pick<RunHead, "warnings" | "failure">> {
  const markers = new Map((await runs.settledAfter(head.id, "")).map(({ marker }) => [marker.index, marker]));
  const warned = plan.graph.graph.steps.map(({ key }, index) => ({ key, warnings: markers.get(index)?.warnings ?? [] }));
  const warnings = collectWarnings(head.warnings, warned);
  if (outcome !== "Failed" || firstFailed === undefined) return { warnings };
  return { warnings, ...failureOf(plan, firstFailed, markers.get(firstFailed)?.failure) };
}

function failureOf(plan: RunPlan, index: number, failure: Failure | undefined): Pick<RunHead, "failure"> {
  const step = plan.graph.graph.steps[index];
  const stepRunId = plan.graph.stepRunIds[index];
  if (!step || !stepRunId) return {};
  return {
    failure: {
      code: failure?.code ?? "StepFailed",
      cause: `step ${JSON.stringify(step.key)} failed${failure ? `: ${failure.cause}` : ""}`,
      ...(failure?.remedy && { remedy: failure.remedy }),
      ...(failure?.exitCode !== undefined && { exitCode: failure.exitCode }),
      step: step.key,
      stepRunId,
    },
  };
}

function summarize(progress: Progress): AdvanceSummary {
  const count = (letters: RegExp) => progress.steps.match(letters)?.length ?? 0;
  return { outcome: progress.outcome, running: count(/s/g), settled: count(/[crfxk]/g), total: progress.steps.length };
}
