import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";

export interface ReconcileDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  log: Log;
}

/**
 * Finds runs that have not ended and that nobody drives, and starts them again: a crash may have come between storing a run and
 * starting it, or the host's state may be older than the store.
 * @returns how many were started.
 */
export const reconcile =
  ({ runs, orchestrations, log }: ReconcileDeps) =>
  async (): Promise<number> => {
    let started = 0;
    let after: string | undefined;
    do {
      const page = await runs.list({ settled: false }, { after, limit: 200 });
      for (const { id, cause } of page.unreadable) log.warn("run cannot be read and is left alone; restore a backup", { runId: id, cause });
      for (const { id } of page.items) {
        try {
          if ((await orchestrations.look(id))?.live) continue;
          log.warn("run was not driven by anybody; it is started again", { runId: id });
          await orchestrations.start("pipelineRun", id, { runId: id, watchdog: true });
          started++;
        } catch (error) {
          // One run that cannot be started must not keep the others waiting; the next round tries it again.
          log.error("run could not be started again", { runId: id, cause: String(error) });
        }
      }
      after = page.next;
    } while (after !== undefined);
    return started;
  };
