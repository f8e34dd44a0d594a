import { assertNever } from "../domain/assert-never.ts";
import type { Failure, StepRunDocument } from "../domain/run-documents.ts";
import { isSettled, type SettledStepStatus, type StepStatus } from "../domain/statuses.ts";
import type { StepRunInput, StepTurn } from "../domain/turns.ts";
import { ComputeError, type JobState } from "../ports/compute-backend.ts";
import { type Stored, StoreError } from "../ports/documents.ts";
import { jobOf, REMOTE_CALL_MS, readStepContext, type StepDeps } from "./step-context.ts";
import { announceSettled } from "./wake-run.ts";

/** How long a job that its service does not know is waited for: a read may be older than the write before it. */
const LOST_GRACE_MS = 120_000;
const BUSY_SECONDS = 5;

/** What to do about failures of jobs that have nothing to do with the script, by the service's code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ImageBuildFailure:
    "check the names and versions of the environment's pip packages, and that their index can be reached; azureml-logs/20_image_build_log.txt has the whole log",
};

/** How a step ended. */
interface End {
  status: SettledStepStatus;
  startedAt?: string | undefined;
  endedAt?: string | undefined;
  failure?: Failure;
  warnings?: string[];
}

/**
 * Looks at a step's job. Ended: stores the outcome and wakes the run. Else: says where it stands, and ends it when the run stops.
 * Level-triggered and safe to repeat.
 */
export const settleStep =
  (deps: StepDeps) =>
  async (input: StepRunInput): Promise<StepTurn> => {
    const [context, stored] = await Promise.all([readStepContext(deps.runs, input), deps.runs.stepRun(input.stepRunId)]);
    if (!stored) return { status: "Queued", begun: false }; // the store is older than the orchestration: begin again
    if (isSettled(stored.value.status)) {
      await announceSettled(deps, stored.value, true);
      return { settled: stored.value.status, status: stored.value.status, begun: true };
    }
    const job = jobOf(deps.backend, stored.value);
    try {
      const state = await deps.backend.observe(job, AbortSignal.timeout(REMOTE_CALL_MS));
      const end = await endOf(deps, stored.value, state, context.stops);
      if (end) return await settle(deps, stored, end);
      if (state.status === "lost") return { status: "Queued", begun: false, retryAfterSeconds: BUSY_SECONDS };
      if (state.status === "completed" || state.status === "failed" || state.status === "canceled")
        throw new Error(`job ${job.id} ended and has no end`);
      if (context.stops && state.status !== "canceling" && state.status !== "finalizing")
        await deps.backend.cancel(job, AbortSignal.timeout(REMOTE_CALL_MS));
      const status = context.stops ? "CancelRequested" : phaseOf(state.status);
      if (deps.phases.set(input.stepRunId, status, deps.clock.now())) deps.runs.touch(input.runId);
      return { status, begun: true };
    } catch (error) {
      const busy = (error instanceof ComputeError || error instanceof StoreError) && error.retryable;
      if (!busy) throw error;
      deps.log.warn("job could not be looked at; it is tried again", { stepRunId: input.stepRunId, cause: error.message });
      return { status: "Running", begun: true, retryAfterSeconds: BUSY_SECONDS };
    }
  };

/** Stores how a step ended, once, and wakes its run. The status that was stored first stays. */
export async function settle(deps: StepDeps, stored: Stored<StepRunDocument>, end: End): Promise<StepTurn> {
  const now = deps.clock.now();
  const document: StepRunDocument = {
    ...stored.value,
    status: end.status,
    ...(end.startedAt && { startedAt: end.startedAt }),
    endedAt: end.endedAt ?? new Date(now).toISOString(),
    ...(end.failure && { failure: end.failure }),
    warnings: end.warnings ?? [],
    settledKey: deps.clock.newId(),
  };
  if (await deps.runs.replaceStepRun(document, stored.etag)) {
    deps.phases.delete(document.id);
    await announceSettled(deps, document, false);
    return { settled: end.status, status: end.status, begun: true };
  }
  const there = await deps.runs.stepRun(document.id);
  if (!there || !isSettled(there.value.status)) throw new StoreError("busy", `step run ${document.id} was moved by another call`);
  await announceSettled(deps, there.value, true);
  return { settled: there.value.status, status: there.value.status, begun: true };
}

/** How the step ended, or undefined while its job has not. A script may have called `run.fail()` although its process ended well. */
async function endOf(deps: StepDeps, document: StepRunDocument, state: JobState, stops: boolean): Promise<End | undefined> {
  switch (state.status) {
    case "completed": {
      const said = (await deps.runs.record(document.id))?.value.ended;
      if (said?.status !== "Failed") return { ...state, status: "Completed" };
      return { ...state, status: "Failed", failure: { code: "ScriptFailedRun", cause: said.error ?? "the script called run.fail()" } };
    }
    case "failed":
      return {
        ...state,
        status: "Failed",
        failure: {
          code: state.code,
          cause: state.message,
          ...(Object.hasOwn(REMEDIES, state.code) && { remedy: REMEDIES[state.code] }),
          ...(state.exitCode !== undefined && { exitCode: state.exitCode }),
        },
      };
    case "canceled":
      if (stops) return { ...state, status: "Canceled" };
      return {
        ...state,
        status: "Canceled",
        failure: { code: "CanceledElsewhere", cause: "the job was canceled in its compute service, not by Penstock" },
      };
    case "lost":
      if (stops && deps.clock.now() - Date.parse(document.createdAt) < LOST_GRACE_MS) return { status: "Canceled" };
      if (deps.clock.now() - Date.parse(document.createdAt) < LOST_GRACE_MS) return undefined;
      return {
        status: "Failed",
        failure: { code: "JobLost", cause: "the compute service no longer knows the job", remedy: "submit the run again" },
      };
    default:
      return undefined;
  }
}

function phaseOf(status: "queued" | "preparing" | "running" | "finalizing" | "canceling"): StepStatus {
  switch (status) {
    case "queued":
      return "Queued";
    case "preparing":
      return "Preparing";
    case "running":
      return "Running";
    case "finalizing":
      return "Finalizing";
    case "canceling":
      return "CancelRequested";
    default:
      return assertNever(status);
  }
}
