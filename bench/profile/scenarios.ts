import { stepsOf, submission } from "../support/pipelines.ts";
import { timeRun } from "../support/time-run.ts";
import type { BenchWorkspace } from "../support/workspace.ts";

/** What is profiled. */
export interface Scenario {
  /** What the table counts by. */
  unit: "step" | "request";
  /** Brings the workspace to working temperature. */
  warm(workspace: BenchWorkspace): Promise<unknown>;
  /** @returns how many units there were, and milliseconds. */
  run(workspace: BenchWorkspace): Promise<{ units: number; milliseconds: number }>;
}

const ONE_STEP_RUNS = 50;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  chain: runsOf("chain", 100, 3),
  fan: runsOf("fan", 202, 2),
  one: runsOf("chain", 1, ONE_STEP_RUNS),
};

function runsOf(shape: "chain" | "fan", steps: number, runs: number): Scenario {
  const body = submission(stepsOf(shape, steps));
  const runAll = async ({ http }: BenchWorkspace) => {
    let milliseconds = 0;
    for (let n = 0; n < runs; n++) milliseconds += await timeRun(http, body);
    return { units: steps * runs, milliseconds };
  };
  return { unit: "step", warm: runAll, run: runAll };
}
