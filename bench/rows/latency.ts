import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { RunResource } from "../../shared/api/resources.ts";
import type { Bench, Family } from "../family.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import type { KeepAliveClient } from "../support/keep-alive-client.ts";
import { shStep, stepsOf, submission } from "../support/pipelines.ts";
import { median } from "../support/statistics.ts";
import { timeRun } from "../support/time-run.ts";
import { BenchWorkspace, SLOTS } from "../support/workspace.ts";

const ONE: RowSpec = {
  name: "one-step",
  what: "one step that does nothing, from submit to complete, as a client sees it",
  unit: "ms",
  limit: 10,
  better: "lower",
};
const FIRST: RowSpec = {
  name: "first-process",
  what: "from submit to the first process started, by that process's own clock",
  unit: "ms",
  limit: 50,
  better: "lower",
};

/** How soon something happens; a sample is the median of many. */
export const latencyRows: Family = {
  rows: [ONE, FIRST],
  async measure(bench) {
    await using workspace = await BenchWorkspace.start(bench);
    const spawner = new Helper("spawner");
    try {
      await timeRun(workspace.http, submission(stepsOf("chain", 20)));
      await oneStep(bench, workspace.http, spawner);
      await firstProcess(bench, workspace);
    } finally {
      await spawner.end();
    }
  },
};

async function oneStep(bench: Bench, http: KeepAliveClient, spawner: Helper): Promise<void> {
  if (!bench.wants(ONE)) return;
  const times = bench.quick ? 10 : 50;
  const body = submission([shStep("only")]);
  const pairs = await bench.pairs(ONE, {
    product: () => medianOf(times, () => timeToComplete(http, body)),
    baseline: async () => (await spawner.ask<number>({ shape: "chain", steps: times, slots: SLOTS })) / times,
  });
  bench.report(resultOf(ONE, pairs, ({ product }) => product, "baseline: ms that a bare Node program takes for the same process"));
}

/** Watches as a client does: each answer comes when something has changed. */
async function timeToComplete(http: KeepAliveClient, body: string): Promise<number> {
  const began = performance.now();
  let run = await http.json<RunResource>("POST", "/api/runs", body);
  while (run.status !== "Completed") {
    if (run.status === "Failed" || run.status === "Canceled") throw new Error(`run ${run.id} ended as ${run.status}`);
    run = await http.json<RunResource>("GET", `/api/runs/${run.id}?waitSeconds=25&after=${encodeURIComponent(run.revision)}`);
  }
  return performance.now() - began;
}

async function firstProcess(bench: Bench, workspace: BenchWorkspace): Promise<void> {
  if (!bench.wants(FIRST)) return;
  const file = join(bench.folder, "started");
  // Nanoseconds since the epoch: `date` is the first process of the step's own.
  const body = submission([shStep("only", [], 'date +%s%N >"$BENCH_FILE"', { BENCH_FILE: file })]);
  const once = async () => {
    rmSync(file, { force: true });
    const sent = performance.timeOrigin + performance.now();
    await timeRun(workspace.http, body);
    return Number(readFileSync(file, "utf8")) / 1e6 - sent;
  };
  const pairs = await bench.pairs(FIRST, { product: () => medianOf(bench.quick ? 5 : 20, once) });
  bench.report(resultOf(FIRST, pairs, ({ product }) => product));
}

async function medianOf(times: number, once: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let n = 0; n < times; n++) values.push(await once());
  return median(values);
}
