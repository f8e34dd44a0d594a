import type { StepRunDocument } from "../domain/run-documents.ts";
import type { RunStore } from "../ports/run-store.ts";
import { type SettleReuseDeps, settleReuse } from "./settle-reuse.ts";
import { wakeRun } from "./wake-run.ts";

/**
 * Leaves a settled step's marker, says what became of its fingerprint, and tells its run. Many steps that settle together are a few notices: whoever turns the wake flag on
 * raises the event. A call that is itself a repeat raises it in any case, since the first may have died in between.
 */
export async function announceSettled(deps: SettleReuseDeps, document: StepRunDocument, isRepeat: boolean): Promise<void> {
  await leaveMarker(deps.runs, document);
  await settleReuse(deps, document);
  await wakeRun(deps, document.runId, document.id, isRepeat);
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
