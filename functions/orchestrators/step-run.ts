import type { OrchestrationContext, OrchestrationHandler, Task } from "durable-functions";
import { JobNews, MOST_FAILURES, nextGap, pauseAfter, StepRunInput, StepTurn } from "../../shared/domain/turns.ts";

/** Looks before the history is begun anew. */
const LOOKS_PER_GENERATION = 100;

/**
 * Drives one step run: submit its job, wait for news of it, look, until it has settled. As in `pipelineRun`, the job's back-end and the
 * store are asked what is true; an event only says when to ask. Looks that break, or that a service refuses, are tried again for half an hour;
 * then the step is ended as Failed.
 */
export const stepRun: OrchestrationHandler = function* ({ df }: OrchestrationContext): Generator<Task, unknown, unknown> {
  const { runId, stepRunId, index, ...input } = StepRunInput.parse(df.getInput());
  const inSeconds = (seconds: number) => df.createTimer(new Date(df.currentUtcDateTime.getTime() + seconds * 1000));
  let { begun, attempt, gapSeconds, failures, trouble, lostSince, told } = input;
  const { fingerprint } = input;
  for (let look = 0; look < LOOKS_PER_GENERATION; look++) {
    const activity = failures >= MOST_FAILURES ? "failStep" : begun ? "settleStep" : "beginStep";
    let turn: StepTurn | undefined;
    try {
      turn = StepTurn.parse(yield df.callActivity(activity, { runId, stepRunId, index, attempt, trouble, lostSince, told, fingerprint }));
    } catch {
      trouble = undefined; // it broke, which is a bug: its own words stay in the log
    }
    if (turn?.settled !== undefined) return { status: turn.settled };
    if (turn?.unwanted) return { status: turn.status };
    if (turn) {
      ({ begun, trouble, lostSince } = turn);
      attempt = turn.attempt ?? attempt;
      df.setCustomStatus({ status: turn.status, begun, ...(attempt !== undefined && { attempt }) });
    }
    if (!turn || trouble !== undefined) {
      failures++;
      yield inSeconds(pauseAfter(failures)); // alone: events would use up the patience
      continue;
    }
    failures = 0;
    const timer = inSeconds(turn.retryAfterSeconds ?? nextGap(gapSeconds));
    const news = df.waitForExternalEvent("jobChanged");
    const winner = yield df.Task.any([news, timer]);
    if (winner === timer) {
      // The wait left behind would swallow the next event.
      df.continueAsNew({ runId, stepRunId, index, fingerprint, begun, attempt, lostSince, gapSeconds: nextGap(gapSeconds) });
      return undefined;
    }
    timer.cancel(); // an open timer would keep the instance alive
    told = JobNews.safeParse(news.result).success;
    gapSeconds = 0;
  }
  df.continueAsNew({ runId, stepRunId, index, fingerprint, begun, attempt, gapSeconds, failures, trouble, lostSince, told }); // a fresh history
  return undefined;
};
