import type { Bench, Family } from "../family.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import type { Shape } from "../support/pipelines.ts";
import { logLogSlope } from "../support/statistics.ts";

const SHAPES: readonly Shape[] = ["chain", "fan", "layers"];
const SMALL = 1000;
const TIMES = 10;

const ALONE: Record<Shape, RowSpec> = specs(
  "engine",
  (shape) => `${SMALL} steps as ${shape} in one process, a back-end that ends at once`,
  { unit: "s", limit: 1.2 },
);
const GROWTH: Record<Shape, RowSpec> = specs(
  "growth",
  (shape) => `growth from ${SMALL} to ${SMALL * TIMES} steps as ${shape}, log-log slope: 1 is in proportion`,
  { unit: "exponent", limit: 1.1 },
);

/** The app's orchestrators and services over engine and stores, without network and processes. */
export const engineRows: Family = {
  rows: [...Object.values(ALONE), ...Object.values(GROWTH)],
  async measure(bench) {
    const engine = new Helper("engine", { args: [bench.folder] });
    const inserts = new Helper("inserts", { args: [bench.folder] });
    try {
      for (const shape of SHAPES) await alone(bench, shape, engine, inserts);
      for (const shape of SHAPES) await growth(bench, shape, engine);
    } finally {
      await Promise.all([engine.end(), inserts.end()]);
    }
  },
};

async function alone(bench: Bench, shape: Shape, engine: Helper, inserts: Helper): Promise<void> {
  const row = ALONE[shape];
  if (!bench.wants(row)) return;
  const pairs = await bench.pairs(row, {
    product: () => engine.ask<number>({ shape, steps: SMALL }),
    baseline: () => inserts.ask<number>({ rows: SMALL }),
  });
  bench.report(resultOf(row, pairs, ({ product }) => product / 1000, `baseline: ms for ${SMALL} rows of SQLite, a synced commit each`));
}

async function growth(bench: Bench, shape: Shape, engine: Helper): Promise<void> {
  const row = GROWTH[shape];
  if (!bench.wants(row)) return;
  const times = bench.quick ? TIMES / 2 : TIMES;
  const pairs = await bench.pairs(row, {
    product: () => engine.ask<number>({ shape, steps: SMALL * times }),
    baseline: () => engine.ask<number>({ shape, steps: SMALL }),
  });
  const slope = ({ product, baseline = Number.NaN }: { product: number; baseline?: number }) => logLogSlope(baseline, product, times);
  bench.report(resultOf(row, pairs, slope, `ms for ${SMALL * times} over ms for ${SMALL}`));
}

function specs(name: string, what: (shape: Shape) => string, rest: { unit: string; limit: number }): Record<Shape, RowSpec> {
  const spec = (shape: Shape): RowSpec => ({ name: `${name}-${shape}`, what: what(shape), better: "lower", ...rest });
  return { chain: spec("chain"), fan: spec("fan"), layers: spec("layers") };
}
