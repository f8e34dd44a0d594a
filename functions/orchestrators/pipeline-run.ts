import type { OrchestrationContext, OrchestrationHandler, Task } from "durable-functions";
import { AdvanceSummary, MOST_FAILURES, PipelineRunInput, pauseAfter } from "../../shared/domain/turns.ts";

/** Looks before the history is begun anew: each wake-up replays all of it, and a look is about eight events. */
const LOOKS_PER_GENERATION = 12;
/** Events are the path; this finds what they missed, on a busy run too. */
const WATCHDOG_SECONDS = 60;

/**
 * Drives one pipeline run: look at what is true, start what is ready, wait until something may have changed.
 * Replayed from history at every wake-up. Each task is yielded in the turn that made it and never again: durable-functions 3.x submits a
 * pending task a second time when a later `Task.any` holds it (Azure/azure-functions-durable-js#574). A lost event costs one watchdog
 * interval and nothing else. A look that breaks is a bug: it is tried again for half an hour, then the run is ended as Failed.
 */
export const pipelineRun: OrchestrationHandler = function* ({ df }: OrchestrationContext): Generator<Task, unknown, unknown> {
  const { runId, ...input } = PipelineRunInput.parse(df.getInput());
  const now = () => df.currentUtcDateTime.getTime();
  const inSeconds = (seconds: number) => df.createTimer(new Date(now() + seconds * 1000));
  let { watchdog, failures, turn, lookedAt = now() } = input;
  for (let look = 0; look < LOOKS_PER_GENERATION; look++) {
    watchdog ||= now() - lookedAt >= WATCHDOG_SECONDS * 1000;
    turn ??= `${now()}.${look}`;
    let summary: AdvanceSummary | undefined;
    try {
      summary = AdvanceSummary.parse(yield df.callActivity(failures < MOST_FAILURES ? "advanceRun" : "failRun", { runId, watchdog, turn }));
    } catch {
      failures++;
    }
    if (!summary) {
      yield inSeconds(pauseAfter(failures)); // alone: events would use up the patience
      continue;
    }
    failures = 0;
    if (summary.outcome !== undefined) return { outcome: summary.outcome };
    if (summary.retryAfterSeconds === undefined) {
      if (watchdog) lookedAt = now();
      watchdog = false;
      turn = undefined;
    }
    if (summary.more) continue;
    const timer = inSeconds(summary.retryAfterSeconds ?? WATCHDOG_SECONDS);
    const winner = yield df.Task.any([df.waitForExternalEvent("runChanged"), timer]);
    if (winner === timer) {
      df.continueAsNew({ runId, watchdog: true }); // the wait left behind would swallow the next event
      return undefined;
    }
    timer.cancel(); // an open timer would keep the instance alive
  }
  df.continueAsNew({ runId, watchdog, lookedAt, failures, turn }); // a fresh history
  return undefined;
};
