import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { RunResource } from "../../shared/api/resources.ts";
import type { Bench, Family } from "../family.ts";
import type { Others } from "../gate/measure-pairs.ts";
import type { LoadRequest, LoadResult } from "../helpers/load.ts";
import { type RowSpec, ratioOf, resultOf } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import { holdSlots } from "../support/hold-slots.ts";
import { shStep, submission } from "../support/pipelines.ts";
import { median } from "../support/statistics.ts";
import { timeRun } from "../support/time-run.ts";
import { untilQuiet } from "../support/until-quiet.ts";
import { BenchWorkspace } from "../support/workspace.ts";

const CALLERS = 32;
const EMPTY = "an empty function on the same host";
const BARE = "a bare `node:http` server";

const STATUS: RowSpec = {
  name: "status",
  what: `requests per second for the status of a run, ${CALLERS} callers, over ${EMPTY}`,
  unit: "×",
  limit: 0.7,
  better: "higher",
};
const STATUS_BARE: RowSpec = { name: "status-bare", what: STATUS.what.replace(EMPTY, BARE), unit: "×", better: "higher" };
const SUBMIT: RowSpec = {
  name: "submit",
  what: `submits per second, stored, started and durable when answered, ${CALLERS} callers, over ${EMPTY}`,
  unit: "×",
  limit: 0.15,
  better: "higher",
};
const SUBMIT_BARE: RowSpec = { name: "submit-bare", what: SUBMIT.what.replace(EMPTY, BARE), unit: "×", better: "higher" };

/** Many callers at a time. Product and baselines meet the same load generator, which has a core of its own. */
export const httpRows: Family = {
  rows: [STATUS, STATUS_BARE, SUBMIT, SUBMIT_BARE],
  async measure(bench) {
    await using workspace = await BenchWorkspace.start(bench);
    const load = new Helper("load");
    const empty = new Helper("functions-host", { args: ["empty", mkdtempSync(join(bench.folder, "empty-"))] });
    const bare = new Helper("bare-http");
    try {
      const ports = { empty: await portOf(empty), bare: await portOf(bare) };
      await statusRows(bench, workspace, load, ports);
      await submitRows(bench, workspace, load, ports);
    } finally {
      await Promise.all([load, empty, bare].map((helper) => helper.end()));
    }
  },
};

interface Ports {
  empty: number;
  bare: number;
}

async function statusRows(bench: Bench, workspace: BenchWorkspace, load: Helper, ports: Ports): Promise<void> {
  const body = submission([shStep("only")]);
  await timeRun(workspace.http, body);
  const { runs } = await workspace.http.json<{ runs: RunResource[] }>("GET", "/api/runs?limit=1");
  const get = (port: number, path: string) => rate(bench, load, { port, method: "GET", path, headers: tokenOf(workspace) });
  for (const [row, port] of [
    [STATUS, ports.empty],
    [STATUS_BARE, ports.bare],
  ] as const)
    await compare(
      bench,
      row,
      () => get(workspace.port, `/api/runs/${runs[0]?.id}`),
      () => get(port, "/api/empty"),
    );
}

async function submitRows(bench: Bench, workspace: BenchWorkspace, load: Helper, ports: Ports): Promise<void> {
  if (!bench.wants(SUBMIT) && !bench.wants(SUBMIT_BARE)) return;
  // The steps wait: otherwise their processes would take the core of the load generator.
  await holdSlots(workspace);
  const body = submission([shStep("only")]);
  const post = (port: number, path: string) => rate(bench, load, { port, method: "POST", path, body, headers: tokenOf(workspace) });
  for (const [row, port] of [
    [SUBMIT, ports.empty],
    [SUBMIT_BARE, ports.bare],
  ] as const)
    await compare(
      bench,
      row,
      async () => {
        const result = await post(workspace.port, "/api/runs");
        await untilQuiet(() => workspace.processes());
        return result;
      },
      () => post(port, "/api/empty"),
    );
}

type Ask = Omit<LoadRequest, "connections" | "until" | "warmSeconds">;

function rate(bench: Bench, load: Helper, ask: Ask): Promise<LoadResult> {
  const seconds = bench.quick ? 1 : 3;
  return load.ask<LoadResult>({ ...ask, connections: CALLERS, until: { seconds }, warmSeconds: 0.5 } satisfies LoadRequest);
}

async function compare(bench: Bench, row: RowSpec, product: () => Promise<LoadResult>, baseline: () => Promise<LoadResult>): Promise<void> {
  if (!bench.wants(row)) return;
  const measured = async ({ perSecond, p99Milliseconds }: LoadResult) => ({ value: perSecond, others: { p99Milliseconds } });
  const pairs = await bench.pairs(row, {
    product: async () => measured(await product()),
    baseline: async () => measured(await baseline()),
  });
  const late = (others: (Others | undefined)[]) => median(others.map((other) => other?.["p99Milliseconds"] ?? Number.NaN)).toFixed(1);
  const [ours, theirs] = [pairs.kept.map(({ others }) => others), pairs.kept.map(({ baselineOthers }) => baselineOthers)];
  const rates = median(pairs.kept.map((pair) => pair.product));
  const note = `${Math.round(rates)} a second, 99 % within ${late(ours)} ms (baseline ${late(theirs)} ms)`;
  bench.report(resultOf(row, pairs, ratioOf, note));
}

async function portOf(helper: Helper): Promise<number> {
  return (await helper.ask<{ port: number }>({ kind: "where" })).port;
}

function tokenOf({ file }: BenchWorkspace): Record<string, string> {
  return { authorization: `Bearer ${file.token}` };
}
