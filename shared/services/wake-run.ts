import type { Clock } from "../ports/clock.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";

export interface WakeDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  clock: Clock;
}

/** Turns the run's wake flag on and raises the event where that is news; `always`: also where it is not. */
export async function wakeRun({ runs, orchestrations, clock }: WakeDeps, runId: string, stepRunId: string, always: boolean): Promise<void> {
  if ((await runs.turnOnWake(runId, clock.now())) || always) await orchestrations.raise(runId, "runChanged", { stepRunId });
}
