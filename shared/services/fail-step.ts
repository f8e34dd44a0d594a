import type { Failure } from "../domain/run-documents.ts";
import { isSettled } from "../domain/statuses.ts";
import type { StepRunInput, StepTurn } from "../domain/turns.ts";
import { announceSettled } from "./announce-settled.ts";
import { settle } from "./settle-step.ts";
import { jobOf, REMOTE_CALL_MS, readableStepRun, type StepDeps } from "./step-context.ts";
import { wakeRun } from "./wake-run.ts";

/**
 * Ends a step that could not be driven for a long time: a bug of ours, or a service that keeps refusing. A run whose step never ended would
 * never end either. Asks the job to stop, as nobody looks after it any more.
 * @throws when that breaks as well; it is called again.
 */
export const failStep =
  (deps: StepDeps) =>
  async ({ runId, stepRunId, index, trouble }: StepRunInput): Promise<StepTurn> => {
    const failure: Failure = {
      code: "InternalError",
      cause: trouble ?? "Penstock itself failed again and again while it drove this step",
      remedy: `the app's log has the reason under step run ${stepRunId}; mend it and submit the run again`,
    };
    deps.log.error("step is given up", { runId, stepRunId, cause: failure.cause });
    const stored = await readableStepRun(deps.runs, stepRunId);
    if (stored && isSettled(stored.value.status)) {
      await announceSettled(deps, stored.value, true);
      return { settled: stored.value.status, status: stored.value.status, begun: true };
    }
    await cancelIfPossible(deps, stored?.value ?? { id: stepRunId, attempt: 1 });
    if (stored) return await settle(deps, stored, { status: "Failed", failure });
    // Without a document that can be read the marker alone says how the step ended.
    const endedAt = new Date(deps.clock.now()).toISOString();
    const marker = { index, stepRunId, status: "Failed" as const, attempt: 1, endedAt, failure, warnings: [] };
    await deps.runs.addSettled(runId, deps.clock.newId(), marker);
    await wakeRun(deps, runId, stepRunId, true);
    return { settled: "Failed", status: "Failed", begun: true };
  };

/** Whatever is broken may break this too, and then the step ends all the same. */
async function cancelIfPossible(deps: StepDeps, document: { id: string; attempt: number }): Promise<void> {
  try {
    await deps.backend.cancel(jobOf(deps.backend, document), AbortSignal.timeout(REMOTE_CALL_MS));
  } catch (error) {
    deps.log.error("job of a step that is given up could not be canceled; it may go on", { stepRunId: document.id, cause: String(error) });
  }
}
