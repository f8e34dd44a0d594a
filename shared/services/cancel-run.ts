import { ProblemError } from "../domain/problems.ts";
import type { RunHead } from "../domain/run-documents.ts";
import type { Clock } from "../ports/clock.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";

export interface CancelRunDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
}

/**
 * Asks a run to stop. Our own protocol: the request is in the store first, everybody who could start something reads it there,
 * and jobs under way are asked to end. Asking again changes nothing.
 * @throws {ProblemError} not-found; conflict when the run has ended.
 */
export const cancelRun =
  ({ runs, orchestrations, clock }: CancelRunDeps) =>
  async (runId: string): Promise<void> => {
    for (;;) {
      const stored = await runs.head(runId);
      if (!stored) throw new ProblemError({ kind: "not-found", what: "pipeline run", id: runId });
      const head = stored.value;
      if (head.settled)
        throw new ProblemError({
          kind: "conflict",
          message: `the run is ${head.status} already`,
          remedy: "only a run that has not ended can be canceled",
        });
      const now = clock.now();
      const after: RunHead = {
        ...head,
        status: "CancelRequested",
        cancelRequestedAt: head.cancelRequestedAt ?? new Date(now).toISOString(),
      };
      if (head.cancelRequestedAt === undefined && !(await runs.replaceHead(after, stored.etag))) continue;
      await runs.turnOnWake(runId, now);
      await orchestrations.raise(runId, "runChanged", { reason: "cancel requested" });
      await runs.durable();
      return;
    }
  };
