import { join } from "node:path";
import type { Bench, Family } from "../family.ts";
import { otherFigure } from "../gate/measure-pairs.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { stepsOf, submission } from "../support/pipelines.ts";
import { type Counted, openSyncCounter, type SyncCounter, type SyncCounts, total } from "../support/sync-counter.ts";
import { timeRun } from "../support/time-run.ts";

const CHAIN: RowSpec = {
  name: "syncs-chain",
  what: "waits for the disk per step, host and app, chain of 100",
  unit: "1/step",
  limit: 1,
  better: "lower",
};
const FAN: RowSpec = { ...CHAIN, name: "syncs-fan", what: "waits for the disk per step, host and app, fan-out of 200", limit: 0.3 };
const STAND_INS = (row: RowSpec): RowSpec => ({
  name: `${row.name}-stand-ins`,
  what: row.what.replace("host and app", "stand-ins"),
  unit: row.unit,
  better: "lower",
});
const CHAIN_STAND_INS = STAND_INS(CHAIN);
const FAN_STAND_INS = STAND_INS(FAN);

/** Counted, not timed: the same on every machine, but for how much comes together in one turn. */
export const syncRows: Family = {
  rows: [CHAIN, CHAIN_STAND_INS, FAN, FAN_STAND_INS],
  async measure(bench) {
    await using counter = await openSyncCounter(join(bench.folder));
    await timeRun(counter.workspace.http, submission(stepsOf("chain", 20)));
    await measure(bench, counter, [CHAIN, CHAIN_STAND_INS], "chain", 100);
    await measure(bench, counter, [FAN, FAN_STAND_INS], "fan", 202);
  },
};

async function measure(bench: Bench, counter: SyncCounter, rows: readonly [RowSpec, RowSpec], shape: "chain" | "fan", steps: number) {
  const [host, standIns] = rows;
  if (!rows.some((row) => bench.wants(row))) return;
  const body = submission(stepsOf(shape, steps));
  let last: Counted = { host: {}, standIns: {} };
  const pairs = await bench.pairs(host, {
    product: async () => {
      last = await counter.during(() => timeRun(counter.workspace.http, body));
      return { value: total(last.host), others: { standIns: total(last.standIns) } };
    },
  });
  const note = (counts: SyncCounts) => `${counter.how}: ${byFile(counts, steps)}`;
  const perStep = ({ product }: { product: number }) => product / steps;
  if (bench.wants(host)) bench.report(resultOf(host, pairs, perStep, note(last.host)));
  if (bench.wants(standIns)) bench.report(resultOf(standIns, otherFigure(pairs, "standIns"), perStep, note(last.standIns)));
}

/** Which files the last measurement waited for, a step. */
function byFile(counts: SyncCounts, steps: number): string {
  const files = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return files.map(([file, count]) => `${file} ${(count / steps).toFixed(2)}`).join(", ") || "none";
}
