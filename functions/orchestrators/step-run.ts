import type { OrchestrationContext, OrchestrationHandler, Task } from "durable-functions";
import { nextGap, StepRunInput, StepTurn } from "../../shared/domain/turns.ts";

/** Looks before the history is begun anew. */
const LOOKS_PER_GENERATION = 100;

/**
 * Drives one step run: submit its job, wait for news of it, look, until it has settled. As in `pipelineRun`, the job's back-end and the
 * store are asked what is true; an event only says when to ask.
 */
export const stepRun: OrchestrationHandler = function* ({ df }: OrchestrationContext): Generator<Task, unknown, unknown> {
  const input = StepRunInput.parse(df.getInput());
  const { runId, stepRunId, index } = input;
  let { begun, gapSeconds } = input;
  for (let look = 0; look < LOOKS_PER_GENERATION; look++) {
    const turn = StepTurn.parse(yield df.callActivity(begun ? "settleStep" : "beginStep", { runId, stepRunId, index }));
    if (turn.settled !== undefined) return { status: turn.settled };
    begun = turn.begun;
    df.setCustomStatus({ status: turn.status, begun });
    const seconds = turn.retryAfterSeconds ?? nextGap(gapSeconds);
    const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + seconds * 1000));
    const winner = yield df.Task.any([df.waitForExternalEvent("jobChanged"), timer]);
    if (winner === timer) {
      df.continueAsNew({ runId, stepRunId, index, begun, gapSeconds: nextGap(gapSeconds) }); // the wait left behind would swallow the next event
      return undefined;
    }
    timer.cancel(); // an open timer would keep the instance alive
    gapSeconds = 0;
  }
  df.continueAsNew({ runId, stepRunId, index, begun, gapSeconds }); // a fresh history
  return undefined;
};
