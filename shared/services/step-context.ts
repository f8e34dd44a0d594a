import type { Step } from "../domain/pipeline-graph.ts";
import type { RunHead } from "../domain/run-documents.ts";
import { planOf, type RunPlan } from "../domain/run-plan.ts";
import type { StepRunInput } from "../domain/turns.ts";
import type { Clock } from "../ports/clock.ts";
import type { ComputeBackend, JobRef } from "../ports/compute-backend.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import type { StepPhases } from "./step-phases.ts";

/** What both halves of a step's life work with. */
export interface StepDeps {
  runs: RunStore;
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
}

export async function readStepContext(runs: RunStore, { runId, index }: StepRunInput): Promise<StepContext> {
  const [head, graph, progress] = await Promise.all([runs.head(runId), runs.graph(runId), runs.progress(runId)]);
  const step = graph?.graph.steps[index];
  if (!head || !graph || !step || !progress) throw new Error(`run ${runId} has no step ${index}`);
  return {
    head: head.value,
    plan: planOf(graph),
    step,
    stops: head.value.cancelRequestedAt !== undefined || progress.value.stopping !== undefined,
  };
}

/** Whether the run stops, asked anew: a cancel may have come between two looks. */
export async function runStops(runs: RunStore, runId: string): Promise<boolean> {
  const [head, progress] = await Promise.all([runs.head(runId), runs.progress(runId)]);
  return head?.value.cancelRequestedAt !== undefined || progress?.value.stopping !== undefined;
}

/** The job of an attempt: its name is the idempotency key, so it is known without having been stored. */
export function jobOf(backend: ComputeBackend, document: { id: string; attempt: number }): JobRef {
  return { backend: backend.kind, id: `${document.id}_${document.attempt}` };
}

/** How long no remote call may hang, all of its retries included. */
export const REMOTE_CALL_MS = 120_000;
