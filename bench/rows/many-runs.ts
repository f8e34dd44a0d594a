import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunList, RunResource } from "../../shared/api/resources.ts";
import type { Bench, Family } from "../family.ts";
import type { LoadRequest, LoadResult } from "../helpers/load.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import { holdSlots } from "../support/hold-slots.ts";
import { shStep, submission } from "../support/pipelines.ts";
import { median } from "../support/statistics.ts";
import { untilQuiet } from "../support/until-quiet.ts";
import { BenchWorkspace } from "../support/workspace.ts";

const RUNS = 10_000;
const CALLERS = 32;
const LISTINGS = 20;

const RESTART: RowSpec = {
  name: "restart",
  what: `from SIGKILL with ${RUNS} parked runs: start until it is ready and a run answers that it goes on`,
  unit: "s",
  limit: 2,
  better: "lower",
};
const LIST: RowSpec = { name: "list", what: `page 1 (50 runs) of ${RUNS}`, unit: "ms", limit: 20, better: "lower" };
const RUN_MEMORY: RowSpec = {
  name: "run-memory",
  what: `growth of the whole workspace's memory (PSS) for each of ${RUNS} pipeline runs whose job waits in the compute's queue`,
  unit: "KiB",
  better: "lower",
};

/** A workspace with ten thousand pipeline runs, whose jobs all wait in the compute's queue. */
export const manyRunsRows: Family = {
  rows: [LIST, RUN_MEMORY, RESTART],
  async measure(bench) {
    const count = bench.quick ? RUNS / 5 : RUNS;
    const folder = join(bench.folder, "many-runs");
    mkdirSync(folder);
    const setup = { folder, stateFolder: join(folder, "state") };
    let workspace = await BenchWorkspace.start(setup);
    try {
      const memory = await park(bench, workspace, count);
      await list(bench, workspace, count);
      reportMemory(bench, memory, count);
      if (!bench.wants(RESTART)) return;
      const restart = async () => {
        await workspace.kill();
        const began = performance.now();
        workspace = await BenchWorkspace.start(setup);
        await answers(workspace);
        const took = performance.now() - began;
        await untilQuiet(() => workspace.processes());
        return took;
      };
      const pairs = await bench.pairs(RESTART, { product: restart, baseline: () => restartEmpty(bench) });
      await assertAllLive(workspace, count);
      bench.report(
        resultOf(
          RESTART,
          pairs,
          ({ product }) => product / 1000,
          [sizeNote(count), "baseline: ms for an empty workspace"].filter(Boolean).join("; "),
        ),
      );
    } finally {
      await workspace.stop();
    }
  },
};

/** @returns bytes that all processes together grew by. */
async function park(bench: Bench, workspace: BenchWorkspace, count: number): Promise<number> {
  const load = new Helper("load");
  try {
    await holdSlots(workspace);
    await untilQuiet(() => workspace.processes());
    const before = workspace.memoryBytes();
    bench.tell(LIST, `submitting ${count} runs`);
    const request: LoadRequest = {
      port: workspace.port,
      method: "POST",
      path: "/api/runs",
      headers: { authorization: `Bearer ${workspace.file.token}` },
      body: submission([shStep("only")]),
      connections: CALLERS,
      until: { requests: count },
    };
    await load.ask<LoadResult>(request);
    await untilQuiet(() => workspace.processes(), 600);
    return workspace.memoryBytes() - before;
  } finally {
    await load.end();
  }
}

async function list(bench: Bench, { http }: BenchWorkspace, count: number): Promise<void> {
  if (!bench.wants(LIST)) return;
  const once = async () => {
    const times: number[] = [];
    for (let n = 0; n < LISTINGS; n++) {
      const began = performance.now();
      const { runs } = await http.json<{ runs: RunResource[] }>("GET", "/api/runs?limit=50");
      times.push(performance.now() - began);
      if (runs.length !== 50) throw new Error(`page 1 has ${runs.length} runs`);
    }
    return median(times);
  };
  const pairs = await bench.pairs(LIST, { product: once });
  bench.report(resultOf(LIST, pairs, ({ product }) => product, sizeNote(count) || undefined));
}

function reportMemory(bench: Bench, bytes: number, count: number): void {
  if (!bench.wants(RUN_MEMORY)) return;
  const pairs = { kept: [{ product: bytes, others: {}, foreign: 0 }], thrown: 0, clean: true };
  bench.report(resultOf(RUN_MEMORY, pairs, ({ product }) => product / 1024 / count, sizeNote(count) || undefined));
}

/** Asks for the run that was submitted last. @throws {Error} unless it goes on. */
async function answers({ http }: BenchWorkspace): Promise<void> {
  const { runs } = await http.json<{ runs: RunResource[] }>("GET", "/api/runs?limit=1");
  const run = await http.json<RunResource>("GET", `/api/runs/${runs[0]?.id}`);
  if (run.status !== "Running") throw new Error(`run ${run.id} is ${run.status} after the restart`);
}

/** @throws {Error} when a run was lost on the way, or ended. */
async function assertAllLive({ http }: BenchWorkspace, count: number): Promise<void> {
  let live = 0;
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const from: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: RunList = await http.json("GET", `/api/runs?status=Running&limit=1000${from}`);
    live += page.runs.length;
    cursor = page.cursor;
  }
  // The one that fills the compute is there too.
  if (live !== count + 1) throw new Error(`${live} runs go on after the restarts instead of ${count + 1}`);
}

async function restartEmpty({ folder }: Bench): Promise<number> {
  const setup = { folder, stateFolder: join(folder, "empty-workspace") };
  await (await BenchWorkspace.start(setup)).kill();
  const began = performance.now();
  const workspace = await BenchWorkspace.start(setup);
  const took = performance.now() - began;
  await workspace.stop();
  return took;
}

function sizeNote(count: number): string {
  return count === RUNS ? "" : `only ${count}`;
}
