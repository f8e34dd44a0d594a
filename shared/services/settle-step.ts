import { assertNever } from "../domain/assert-never.ts";
import { failureClassOf, pauseBeforeRetry } from "../domain/retry.ts";
import type { Failure, RunRecord, StepRunDocument } from "../domain/run-documents.ts";
import { keepWarnings, shorten } from "../domain/run-warnings.ts";
import { isSettled, type SettledStepStatus, type StepStatus } from "../domain/statuses.ts";
import type { StepRunInput, StepTurn } from "../domain/turns.ts";
import type { JobState } from "../ports/compute-backend.ts";
import { type Stored, StoreError } from "../ports/documents.ts";
import { announceSettled } from "./announce-settled.ts";
import {
  jobOf,
  REMOTE_CALL_MS,
  readStepContext,
  type StepContext,
  type StepDeps,
  tokenExpiry,
  tryToCancel,
  turnAfterError,
} from "./step-context.ts";

/** How long a job may be unknown to its service, from the first look that missed it: a read may be older than the write before it. */
const LOST_GRACE_MS = 120_000;
/** The same where the run stops: the job was perhaps never submitted, and if it was, it must be found to be canceled. */
const LOST_STOPPING_GRACE_MS = 15_000;
const LOST_LOOK_SECONDS = 5;
/** What to do about failures of jobs that have nothing to do with the script, by the service's code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ImageBuildFailure:
    "check the names and versions of the environment's pip packages, that they exist for its Python version, and that their index can be reached; azureml-logs/20_image_build_log.txt has the whole log",
};

/** The same of an attempt that another followed: there may be many. */
const EARLIER_CAUSE_CHARACTERS = 1000;
/** A cause longer than this would crowd the documents that carry it. */
const CAUSE_CHARACTERS = 8000;

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
    try {
      return await look(deps, input);
    } catch (error) {
      return turnAfterError(deps, input, true, error);
    }
  };

async function look(deps: StepDeps, input: StepRunInput): Promise<StepTurn> {
  const [context, stored] = await Promise.all([readStepContext(deps.runs, input), deps.runs.stepRun(input.stepRunId)]);
  if (!stored) return { status: "Queued", begun: false }; // the store is older than the orchestration: begin again
  if (isSettled(stored.value.status)) {
    await announceSettled(deps, stored.value, true);
    return { settled: stored.value.status, status: stored.value.status, begun: true };
  }
  // A call that ended the last attempt died before it could say so: the job of this one has not been submitted.
  const { attempt } = stored.value;
  if (attempt > (input.attempt ?? 1)) return { status: "Queued", begun: false, attempt, retryAfterSeconds: 0 };
  const state = await deps.backend.observe(jobOf(deps.backend, stored.value), AbortSignal.timeout(REMOTE_CALL_MS), input.told);
  switch (state.status) {
    case "lost":
      return await whileLost(deps, stored, input, context);
    case "completed":
    case "failed":
    case "canceled":
      return await endAttempt(deps, stored, context, await endOf(deps, stored.value, state, context.stops));
    default:
      if (context.stops && state.status !== "canceling" && state.status !== "finalizing") await tryToCancel(deps, stored.value);
      return progressOf(deps, input, stored.value.attempt, context.stops ? "CancelRequested" : phaseOf(state.status));
  }
}

function progressOf({ phases, clock, runs }: StepDeps, { stepRunId, runId }: StepRunInput, attempt: number, status: StepStatus): StepTurn {
  if (phases.set(stepRunId, status, clock.now(), attempt)) runs.touch(runId);
  return { status, begun: true, ...(attempt > 1 && { attempt }) };
}

/**
 * A job that its service does not know is waited for. It is not submitted again: its submit was acknowledged, and a second start of a job that
 * only a read has lost would be a second process.
 */
async function whileLost(deps: StepDeps, stored: Stored<StepRunDocument>, input: StepRunInput, context: StepContext): Promise<StepTurn> {
  const { stops } = context;
  const now = deps.clock.now();
  const since = input.lostSince ?? new Date(now).toISOString();
  if (now - Date.parse(since) < (stops ? LOST_STOPPING_GRACE_MS : LOST_GRACE_MS))
    return {
      ...progressOf(deps, input, stored.value.attempt, stops ? "CancelRequested" : "Running"),
      lostSince: since,
      retryAfterSeconds: LOST_LOOK_SECONDS,
    };
  if (stops) return await settle(deps, stored, { status: "Canceled" });
  return await endAttempt(deps, stored, context, {
    status: "Failed",
    failure: {
      code: "JobLost",
      cause: `the compute service no longer knows the job ${jobOf(deps.backend, stored.value).id}`,
      remedy: "submit the run again",
    },
  });
}

/** Settles the step, or, where its author asked for that and another attempt may help, waits for the next one. */
async function endAttempt(deps: StepDeps, stored: Stored<StepRunDocument>, { step, stops }: StepContext, end: End): Promise<StepTurn> {
  const { attempt } = stored.value;
  const { failure } = end;
  const kind = failure && failureClassOf({ failure, startedAt: end.startedAt, endedAt: end.endedAt, timeoutSeconds: step.timeoutSeconds });
  const seconds = stops ? undefined : pauseBeforeRetry(step.retry, attempt, kind);
  if (!failure || seconds === undefined) return await settle(deps, stored, end);
  const now = deps.clock.now();
  const document: StepRunDocument = {
    ...stored.value,
    attempt: attempt + 1,
    tokenExpiresAt: tokenExpiry(now),
    notBefore: new Date(now + seconds * 1000).toISOString(),
    earlierAttempts: [
      ...stored.value.earlierAttempts,
      {
        attempt,
        ...(end.startedAt && { startedAt: end.startedAt }),
        endedAt: end.endedAt ?? new Date(now).toISOString(),
        failure: { ...failure, cause: shorten(failure.cause, EARLIER_CAUSE_CHARACTERS) },
        warnings: keepWarnings(end.warnings ?? []),
      },
    ],
  };
  if (!(await deps.runs.replaceStepRun(document, stored.etag)))
    throw new StoreError("busy", `step run ${document.id} was moved by another call`);
  if (deps.phases.set(document.id, "Queued", now, document.attempt)) deps.runs.touch(document.runId);
  return { status: "Queued", begun: false, attempt: document.attempt, retryAfterSeconds: seconds };
}

/** Stores how a step ended, once, and wakes its run. The status that was stored first stays. */
export async function settle(deps: StepDeps, stored: Stored<StepRunDocument>, end: End): Promise<StepTurn> {
  const now = deps.clock.now();
  const document: StepRunDocument = {
    ...stored.value,
    status: end.status,
    ...(end.startedAt && { startedAt: end.startedAt }),
    endedAt: end.endedAt ?? new Date(now).toISOString(),
    ...(end.failure && { failure: { ...end.failure, cause: shorten(end.failure.cause, CAUSE_CHARACTERS) } }),
    warnings: keepWarnings(end.warnings ?? []),
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

/** How the step ended with its job. A script may have called `run.fail()` or `run.cancel()` although its process ended well. */
async function endOf(
  deps: StepDeps,
  document: StepRunDocument,
  state: Extract<JobState, { status: "completed" | "failed" | "canceled" }>,
  stops: boolean,
): Promise<End> {
  switch (state.status) {
    case "completed": {
      const said = saidBy(document.attempt, (await deps.runs.record(document.id))?.value);
      if (said?.status === "Failed")
        return { ...state, status: "Failed", failure: { code: "ScriptFailedRun", cause: said.error ?? "the script called run.fail()" } };
      if (said?.status === "Canceled")
        return { ...state, status: "Canceled", failure: { code: "ScriptCanceledRun", cause: "the script called run.cancel()" } };
      return { ...state, status: "Completed" };
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
    default:
      return assertNever(state);
  }
}

/** What the script of this attempt said of its end; an earlier attempt's word is none. */
function saidBy(attempt: number, record: RunRecord | undefined): RunRecord["ended"] {
  return (record?.ended?.attempt ?? 1) === attempt ? record?.ended : undefined;
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
