import type { Progress } from "./run-documents.ts";
import type { RunPlan } from "./run-plan.ts";
import type { RunOutcome, SettledStepStatus } from "./statuses.ts";

/** What is true outside the progress document. */
export interface Facts {
  /** Steps that have settled, in any order, known ones among them. */
  settled: Iterable<{ index: number; status: SettledStepStatus }>;
  /** Steps that must not start yet, since another run is doing the same, by index. */
  held?: ReadonlySet<number>;
  cancelRequested: boolean;
  continueOnStepFailure: boolean;
}

/** What follows from it: the progress to store, what to start and what to stop. */
export interface Decision {
  progress: Progress;
  /** Steps to start, by index; at most {@link MOST_STARTS}. */
  start: number[];
  /** Other steps could start as well: for the next look, which sees a cancel that came meanwhile. */
  more: boolean;
  /** Started steps that are to be told that the run stops; empty unless it was decided just now. */
  stop: number[];
}

/** So many steps are started before it is asked again whether the run stops: a run may have thousands that are ready at once. */
export const MOST_STARTS = 256;

const LETTER = { Completed: "c", Failed: "f", Canceled: "x", Skipped: "k" } as const;

/**
 * Decides what a run does next. Level-triggered: it looks at what is true, so a lost, doubled or late notice changes nothing.
 * The first failure stops the run unless `continueOnStepFailure`, where only the steps behind it are skipped (Azure ML v1's rule).
 * A step that was canceled without our asking counts as a failure: what waits for it can never run.
 */
export function advance(plan: RunPlan, before: Progress, facts: Facts): Decision {
  const steps = [...before.steps];
  let firstFailed = before.firstFailed;
  for (const { index, status } of facts.settled) {
    if (steps[index] !== "n" && steps[index] !== "s") continue;
    steps[index] = LETTER[status];
    if (status !== "Completed" && before.stopping === undefined)
      firstFailed = firstFailed === undefined ? index : Math.min(firstFailed, index);
  }
  const stopping = before.stopping ?? whyStop(facts, firstFailed);
  const start: number[] = [];
  const stop: number[] = [];
  let more = false;
  steps.forEach((letter, index) => {
    if (letter === "s") {
      if (stopping && !before.stopping) stop.push(index);
      return;
    }
    if (letter !== "n") return;
    if (stopping) steps[index] = stopping.reason === "cancel" ? "x" : "k";
    else if (dependsOnAny(plan, steps, index, "fxk")) steps[index] = "k";
    else if (plan.dependsOn[index]?.every((dependency) => isComplete(steps[dependency])) && !facts.held?.has(index)) {
      if (start.length < MOST_STARTS) start.push(index);
      else more = true;
    }
  });
  const progress: Progress = { ...before, ...(stopping && { stopping }), ...(firstFailed !== undefined && { firstFailed }) };
  const isOver = start.length === 0 && !steps.includes("n") && !steps.includes("s");
  for (const index of start) steps[index] = "s";
  progress.steps = steps.join("");
  if (isOver) progress.outcome = outcomeOf(progress);
  return { progress, start, stop, more };
}

function whyStop(facts: Facts, firstFailed: number | undefined): Progress["stopping"] {
  if (facts.cancelRequested) return { reason: "cancel" };
  if (firstFailed !== undefined && !facts.continueOnStepFailure) return { reason: "failure", step: firstFailed };
  return undefined;
}

function isComplete(letter: string | undefined): boolean {
  return letter === "c" || letter === "r";
}

function dependsOnAny(plan: RunPlan, steps: readonly string[], index: number, letters: string): boolean {
  return plan.dependsOn[index]?.some((dependency) => letters.includes(steps[dependency] ?? " ")) ?? false;
}

/** A cancel that found every step completed changed nothing any more. */
function outcomeOf({ steps, stopping }: Progress): RunOutcome {
  if (/^[cr]*$/.test(steps)) return "Completed";
  return stopping?.reason === "cancel" ? "Canceled" : "Failed";
}
