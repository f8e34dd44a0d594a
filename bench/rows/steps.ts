import type { Bench, Family } from "../family.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import { stepsOf, submission } from "../support/pipelines.ts";
import { timeRun } from "../support/time-run.ts";
import { BenchWorkspace, SLOTS } from "../support/workspace.ts";

const CHAIN: RowSpec = {
  name: "chain",
  what: "overhead of a step, chain of 100 `sh` steps, over a bare Node program that starts the same processes",
  unit: "ms/step",
  limit: 3,
  better: "lower",
};
const FAN: RowSpec = { ...CHAIN, name: "fan", what: CHAIN.what.replace("chain of 100", "fan-out of 200") };

/** The whole path of a step, with real processes. */
export const stepRows: Family = {
  rows: [CHAIN, FAN],
  async measure(bench) {
    await using workspace = await BenchWorkspace.start(bench);
    const spawner = new Helper("spawner");
    try {
      // Both sides start warm.
      await timeRun(workspace.http, submission(stepsOf("chain", 20)));
      await timeRun(workspace.http, submission(stepsOf("fan", 40)));
      if (bench.wants(CHAIN)) await measure(bench, CHAIN, "chain", 100, workspace, spawner);
      if (bench.wants(FAN)) await measure(bench, FAN, "fan", 202, workspace, spawner);
    } finally {
      await spawner.end();
    }
  },
};

async function measure(bench: Bench, row: RowSpec, shape: "chain" | "fan", steps: number, workspace: BenchWorkspace, spawner: Helper) {
  const body = submission(stepsOf(shape, steps));
  const pairs = await bench.pairs(row, {
    product: () => timeRun(workspace.http, body),
    baseline: () => spawner.ask<number>({ shape, steps, slots: SLOTS }),
  });
  bench.report(resultOf(row, pairs, ({ product, baseline = 0 }) => (product - baseline) / steps));
}
