import type { Progress, RunHead } from "../domain/run-documents.ts";
import { RunOutcome } from "../domain/statuses.ts";
import type { AdvanceSummary, PipelineRunInput } from "../domain/turns.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import { instantOfRun } from "./instant-of-run.ts";

export interface FailRunDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
  log: Log;
}

/**
 * Ends a run that could not be advanced for a long time, which is a bug of ours or a document that cannot be read. Its head says so first:
 * from then on every step that still goes on finds that its run has ended, and stops.
 * @throws when that breaks as well; it is called again.
 */
export const failRun =
  (deps: FailRunDeps) =>
  async ({ runId }: PipelineRunInput): Promise<AdvanceSummary> => {
    const head = await endHead(deps, runId);
    try {
      await stopSteps(deps, runId);
    } catch (error) {
      // What broke the run may break this too; steps under way look for themselves.
      deps.log.error("steps of a run that was given up could not be told", { runId, cause: String(error) });
    }
    return { outcome: RunOutcome.safeParse(head?.status).data ?? "Failed", running: 0, settled: 0, total: head?.stepCount ?? 0 };
  };

/** @returns the head as it stands then; undefined: the store has no such run (it is older than the orchestration). */
async function endHead({ runs, clock, log }: FailRunDeps, runId: string): Promise<RunHead | undefined> {
  for (;;) {
    const stored = await runs.head(runId);
    if (!stored || stored.value.settled) return stored?.value;
    const after: RunHead = {
      ...stored.value,
      status: "Failed",
      settled: true,
      endedAt: instantOfRun(stored.value, clock.now()),
      failure: {
        code: "InternalError",
        cause: "Penstock itself failed again and again while it drove this run",
        remedy: `the app's log has the reason under run ${runId}; mend it and submit the run again`,
      },
    };
    if (!(await runs.replaceHead(after, stored.etag))) continue;
    log.error("run is given up", { runId });
    return after;
  }
}

async function stopSteps({ runs, orchestrations }: FailRunDeps, runId: string): Promise<void> {
  const [graph, progress] = await Promise.all([runs.graph(runId), runs.progress(runId)]);
  if (!graph || !progress || progress.value.outcome !== undefined) return;
  const after: Progress = { ...progress.value, steps: progress.value.steps.replaceAll("n", "k"), outcome: "Failed" };
  await runs.replaceProgress(after, progress.etag);
  for (const [index, letter] of [...after.steps].entries()) {
    const stepRunId = graph.stepRunIds[index];
    if (letter === "s" && stepRunId) await orchestrations.raise(stepRunId, "jobChanged", { reason: "run stops" });
  }
}
