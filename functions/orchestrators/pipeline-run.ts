import type { OrchestrationContext, OrchestrationHandler, Task } from "durable-functions";
import { AdvanceSummary, PipelineRunInput } from "../../shared/domain/turns.ts";

/** Looks before the history is begun anew: each wake-up replays all of it, and a look is about eight events. */
const LOOKS_PER_GENERATION = 100;
/** Events are the path; this finds what they missed. */
const WATCHDOG_SECONDS = 60;

/**
 * Drives one pipeline run: look at what is true, start what is ready, wait until something may have changed.
 * Replayed from history at every wake-up. Each task is yielded in the turn that made it and never again: durable-functions 3.x submits a
 * pending task a second time when a later `Task.any` holds it (Azure/azure-functions-durable-js#574). A lost event costs one watchdog
 * interval and nothing else.
 */
export const pipelineRun: OrchestrationHandler = function* ({ df }: OrchestrationContext): Generator<Task, unknown, unknown> {
  const input = PipelineRunInput.parse(df.getInput());
  let watchdog = input.watchdog;
  for (let look = 0; look < LOOKS_PER_GENERATION; look++) {
    const summary = AdvanceSummary.parse(yield df.callActivity("advanceRun", { runId: input.runId, watchdog }));
    watchdog = false;
    if (summary.outcome !== undefined) return { outcome: summary.outcome };
    const seconds = summary.retryAfterSeconds ?? WATCHDOG_SECONDS;
    const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + seconds * 1000));
    const winner = yield df.Task.any([df.waitForExternalEvent("runChanged"), timer]);
    if (winner === timer) {
      df.continueAsNew({ runId: input.runId, watchdog: true }); // the wait left behind would swallow the next event
      return undefined;
    }
    timer.cancel(); // an open timer would keep the instance alive
  }
  df.continueAsNew({ runId: input.runId, watchdog: false }); // a fresh history
  return undefined;
};
