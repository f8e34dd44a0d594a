import type { Step } from "../domain/pipeline-graph.ts";
import type { ReuseSource } from "../domain/reuse.ts";
import type { Progress, RunHead, StepRunDocument } from "../domain/run-documents.ts";
import { planOf, type RunPlan } from "../domain/run-plan.ts";
import type { StepRunInput, StepTurn } from "../domain/turns.ts";
import type { Clock } from "../ports/clock.ts";
import { type ComputeBackend, ComputeError, type JobRef } from "../ports/compute-backend.ts";
import { type Stored, StoreError } from "../ports/documents.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { ReuseStore } from "../ports/reuse-store.ts";
import type { RunStore } from "../ports/run-store.ts";
import { reusedSources } from "./reused-sources.ts";
import type { StepPhases } from "./step-phases.ts";

/** What both halves of a step's life work with. */
export interface StepDeps {
  runs: RunStore;
  reuse: ReuseStore;
  backend: ComputeBackend;
  orchestrations: Orchestrations;
  phases: StepPhases;
  clock: Clock;
  log: Log;
}

/** The step that a turn is about, its run, and whether that run stops. */
export interface StepContext {
  head: RunHead;
  plan: RunPlan;
  step: Step;
  /** Nothing more may start and what runs is to be ended: a cancel was asked for, or another step failed. */
  stops: boolean;
  /** How the run's progress has the step: a letter of {@link Progress}. */
  letter: string;
  /** Whose results stand for those of other steps of the run, by index; asked for where it matters. */
  reused(): Promise<ReadonlyMap<number, ReuseSource>>;
}

export async function readStepContext(runs: RunStore, { runId, index }: StepRunInput): Promise<StepContext> {
  const [head, graph, progress] = await Promise.all([runs.head(runId), runs.graph(runId), runs.progress(runId)]);
  const step = graph?.graph.steps[index];
  if (!head || !graph || !step || !progress) throw new Error(`run ${runId} has no step ${index}`);
  return {
    head: head.value,
    plan: planOf(graph),
    step,
    stops: isStopping(head.value, progress.value),
    letter: progress.value.steps[index] ?? "n",
    reused: () => reusedSources(runs, runId, progress.value),
  };
}

/** Whether the run stops, asked anew: a cancel may have come between two looks. */
export async function runStops(runs: RunStore, runId: string): Promise<boolean> {
  const [head, progress] = await Promise.all([runs.head(runId), runs.progress(runId)]);
  return head !== undefined && isStopping(head.value, progress?.value);
}

/** A run that has ended while a step of it goes on was given up: its steps stop too. */
function isStopping(head: RunHead, progress: Progress | undefined): boolean {
  return head.cancelRequestedAt !== undefined || head.settled || progress?.stopping !== undefined;
}

/** The step's document, or undefined when there is none or what is there cannot be read: one damaged document must not hold up its run. */
export async function readableStepRun(runs: RunStore, stepRunId: string): Promise<Stored<StepRunDocument> | undefined> {
  try {
    return await runs.stepRun(stepRunId);
  } catch (error) {
    if (error instanceof StoreError && !error.retryable) return undefined;
    throw error;
  }
}

/** The job of an attempt: its name is the idempotency key, so it is known without having been stored. */
export function jobOf(backend: ComputeBackend, document: { id: string; attempt: number }): JobRef {
  return { backend: backend.kind, id: `${document.id}_${document.attempt}` };
}

/** How long no remote call may hang, all of its retries included. */
export const REMOTE_CALL_MS = 120_000;

const DAY_MS = 86_400_000;
/** Azure ML ends every job after 21 days; the rest is for waiting in its queue. */
const TOKEN_LIFE_MS = 30 * DAY_MS;

/** When the token of an attempt that is made now expires. */
export function tokenExpiry(now: number): string {
  return new Date(now + TOKEN_LIFE_MS).toISOString();
}

const BUSY_SECONDS = 5;

/**
 * What an error means for a step: a service that is busy is an outcome (`retryAfterSeconds`), one that refuses is `trouble`, and anything
 * else is a bug, which is thrown on.
 */
export function turnAfterError({ log }: StepDeps, { stepRunId }: StepRunInput, begun: boolean, error: unknown): StepTurn {
  const status = begun ? "Running" : "Queued";
  if (!(error instanceof ComputeError || (error instanceof StoreError && error.retryable))) throw error;
  log.warn("step could not be moved on; it is tried again", { stepRunId, cause: error.message });
  if (!error.retryable) return { status, begun, trouble: error.message };
  const retryAfterSeconds = error instanceof ComputeError ? (error.retryAfterSeconds ?? BUSY_SECONDS) : BUSY_SECONDS;
  return { status, begun, retryAfterSeconds };
}

/**
 * Asks a job to stop where a refusal must not hold up anything: whoever looks at the job next asks again. Why it is to stop is on the disk before:
 * else a loss of power could leave a canceled job in a run that does not know why.
 */
export async function tryToCancel({ runs, backend, log }: StepDeps, document: { id: string; attempt: number }): Promise<void> {
  await runs.durable();
  try {
    await backend.cancel(jobOf(backend, document), AbortSignal.timeout(REMOTE_CALL_MS));
  } catch (error) {
    if (!(error instanceof ComputeError)) throw error;
    log.warn("job could not be canceled yet; it is asked again at the next look", { stepRunId: document.id, cause: error.message });
  }
}
