import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Family } from "../family.ts";
import { type RowSpec, ratioOf, resultOf } from "../report/row.ts";
import { shStep, submission } from "../support/pipelines.ts";
import { timeRun } from "../support/time-run.ts";
import { BenchWorkspace } from "../support/workspace.ts";

const BYTES = 100 * 1000 * 1000;
const LINES = `yes "a line of a log that a script prints while it trains, with some figures: 0.123 0.456 0.789" | head -c ${BYTES}`;

const LOG: RowSpec = {
  name: "log",
  what: "a step that prints 100 MB, from submit to complete, over the same command writing to a file",
  unit: "×",
  limit: 1.5,
  better: "lower",
};

export const logRows: Family = {
  rows: [LOG],
  async measure(bench) {
    await using workspace = await BenchWorkspace.start(bench);
    const body = submission([shStep("only", [], LINES)]);
    await timeRun(workspace.http, submission([shStep("only")]));
    const file = join(bench.folder, "log");
    const pairs = await bench.pairs(LOG, {
      product: () => timeRun(workspace.http, body),
      baseline: async () => {
        rmSync(file, { force: true });
        const began = performance.now();
        await once(spawn("sh", ["-c", `${LINES} >"$0"`, file], { stdio: "ignore" }), "exit");
        return performance.now() - began;
      },
    });
    bench.report(resultOf(LOG, pairs, ratioOf, "baseline: ms"));
  },
};
