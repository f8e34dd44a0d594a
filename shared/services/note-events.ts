import type { JobStatusEvent } from "../api/events.ts";
import { RunId } from "../domain/ids.ts";
import { isSettled, StepStatus } from "../domain/statuses.ts";
import type { Clock } from "../ports/clock.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore } from "../ports/run-store.ts";
import type { StepPhases } from "./step-phases.ts";

export interface NoteJobChangeDeps {
  runs: RunStore;
  orchestrations: Orchestrations;
  phases: StepPhases;
  clock: Clock;
}

/**
 * Takes notice of a job's change. What may be its end wakes the step run, which does not believe the event's words and looks at its job; a
 * word in between is shown and wakes nobody: a look for each of them would double what a step costs. Repeats and strangers change nothing.
 */
export const noteJobChange =
  (deps: NoteJobChangeDeps) =>
  async ({ data }: JobStatusEvent): Promise<void> => {
    const stepRunId = RunId.safeParse(data.runId.replace(/_\d+$/, ""));
    if (!stepRunId.success || data.runId === stepRunId.data) return;
    // Run history's words are ours too; one that we do not know may mean anything.
    const word = StepStatus.safeParse(data.runStatus);
    if (!word.success || isSettled(word.data)) await deps.orchestrations.raise(stepRunId.data, "jobChanged", { status: data.runStatus });
    else if (word.data !== "NotStarted") await showPhase(deps, stepRunId.data, word.data);
  };

/** @param phase of a job that goes on; late ones, of a step that has settled, are left out. */
async function showPhase({ runs, phases, clock }: NoteJobChangeDeps, stepRunId: RunId, phase: StepStatus): Promise<void> {
  const stepRun = (await runs.stepRun(stepRunId))?.value;
  if (stepRun?.status === "Running" && phases.set(stepRunId, phase, clock.now(), stepRun.attempt)) runs.touch(stepRun.runId);
}
