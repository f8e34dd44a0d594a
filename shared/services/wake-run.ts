import type { StepRunDocument } from "../domain/run-documents.ts";
import type { Clock } from "../ports/clock.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";

interface WakeDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
}

/**
 * Leaves a settled step's marker and tells its run. Many steps that settle together are a few notices: whoever turns the wake flag on
 * raises the event. A call that is itself a repeat raises it in any case, since the first may have died in between.
 */
export async function announceSettled(
  { runs, orchestrations, clock }: WakeDeps,
  document: StepRunDocument,
  isRepeat: boolean,
): Promise<void> {
  await leaveMarker(runs, document);
  await wakeRun({ runs, orchestrations, clock }, document.runId, document.id, isRepeat);
}

/** Leaves the marker of a settled step; one that is there already stays as it is. */
export async function leaveMarker(runs: RunStore, document: StepRunDocument): Promise<void> {
  const { runId, id, index, status, attempt, startedAt, endedAt, failure, warnings, settledKey } = document;
  if (status === "Running" || settledKey === undefined || endedAt === undefined) throw new Error(`step run ${id} has not settled`);
  await runs.addSettled(runId, settledKey, {
    index,
    stepRunId: id,
    status,
    attempt,
    endedAt,
    warnings,
    ...(startedAt && { startedAt }),
    ...(failure && { failure }),
  });
}

/** Turns the run's wake flag on and raises the event where that is news; `always`: also where it is not. */
export async function wakeRun({ runs, orchestrations, clock }: WakeDeps, runId: string, stepRunId: string, always: boolean): Promise<void> {
  if ((await runs.turnOnWake(runId, clock.now())) || always) await orchestrations.raise(runId, "runChanged", { stepRunId });
}
