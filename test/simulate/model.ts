import type { SimulatedRun } from "./scenario.ts";

/** How a run went, as far as anybody outside of the engine can see. */
export interface Ending {
  readonly status: string;
  /** The letter of each step of the plan (`c`ompleted, `f`ailed, `x` canceled, s`k`ipped). */
  readonly letters: readonly string[];
  /** Whether the step's job was started. */
  readonly hasJob: readonly boolean[];
  /** A cancel is in the store. */
  readonly isCanceled: boolean;
}

/**
 * The reference: which ends a plan allows, by what its jobs do and whether somebody canceled it. It knows neither time nor order.
 * @returns what is wrong with an ending; nothing when it is one of them.
 */
export function faultsOf(run: SimulatedRun, ending: Ending): string[] {
  const { letters, hasJob, isCanceled, status } = ending;
  const stopsByFailure = !run.continueOnStepFailure && letters.some((letter, step) => letter !== "c" && own(run, step).includes(letter));
  const faults = letters.flatMap((letter, step) => {
    const free = run.edges[step]?.every((dependency) => letters[dependency] === "c") ?? true;
    const allowed = new Set(free ? own(run, step) : ["k"]);
    if (free && (stopsByFailure || isCanceled)) allowed.add("x");
    if (stopsByFailure) allowed.add("k");
    if (isCanceled) allowed.add("x");
    if (!allowed.has(letter)) return [`step ${step} ended as '${letter}' and may end as ${[...allowed].join(" or ")}`];
    if (letter === "k" && hasJob[step]) return [`step ${step} was skipped and has a job`];
    if (letter === "c" && !hasJob[step]) return [`step ${step} completed without a job`];
    return [];
  });
  const outcomes = outcomesOf(
    letters,
    isCanceled,
    letters.some((letter, step) => "fx".includes(letter) && own(run, step).includes(letter)),
  );
  if (!outcomes.includes(status)) faults.push(`the run ended as ${status} and may end as ${outcomes.join(" or ")} (${letters.join("")})`);
  return faults;
}

/** How a step may end by itself, once it starts. */
function own(run: SimulatedRun, step: number): string[] {
  const job = run.jobs[step];
  if (!job) return [];
  switch (job.ends) {
    case "completed":
      return job.lostAfterMs === undefined ? ["c"] : job.lostAfterMs < job.afterMs ? ["f"] : ["f", "c"];
    case "failed":
    case "refused":
    case "unreadable":
      return ["f"];
    case "canceled":
      return ["x"];
    case "never":
      return [];
  }
}

function outcomesOf(letters: readonly string[], isCanceled: boolean, hasFailed: boolean): string[] {
  if (letters.every((letter) => letter === "c")) return ["Completed"];
  if (!isCanceled) return ["Failed"];
  return hasFailed ? ["Canceled", "Failed"] : ["Canceled"];
}
