import type { Pair, Pairs } from "../gate/measure-pairs.ts";
import { median } from "../support/statistics.ts";

/** What a row measures and what it may come to. */
export interface RowSpec {
  name: string;
  /** A sentence for people. */
  what: string;
  unit: string;
  /** Absent: the figure is for comparison. */
  limit?: number;
  better: "lower" | "higher";
}

/** One row of the report; `--json` writes a list of these. */
export interface RowResult {
  name: string;
  /** The median of the samples; null where nothing could be measured, which the note then explains. */
  value: number | null;
  unit: string;
  limit: number | null;
  better: "lower" | "higher";
  /** The median of what the product is compared with, in its own unit. */
  baseline: number | null;
  /** The product's own measurement over the baseline's, medians both. */
  ratio: number | null;
  samples: number[];
  /** Whether nothing else used the machine. */
  clean: boolean;
  note?: string;
}

/** A row of pairs. @param figureOf The row's figure, from one pair. */
export function resultOf(spec: RowSpec, { kept, clean }: Pairs, figureOf: (pair: Pair) => number, note?: string): RowResult {
  const samples = kept.map(figureOf);
  const products = kept.map(({ product }) => product);
  const baselines = kept.flatMap(({ baseline }) => baseline ?? []);
  const baseline = baselines.length === 0 ? null : median(baselines);
  const remarks = [
    note,
    clean ? undefined : `not clean: others used ${Math.round(100 * Math.max(...kept.map(({ foreign }) => foreign)))} % of the machine`,
  ].filter((text) => text !== undefined);
  return {
    ...headOf(spec),
    value: median(samples),
    baseline,
    ratio: baseline === null ? null : median(products) / baseline,
    samples,
    clean,
    ...(remarks.length > 0 && { note: remarks.join("; ") }),
  };
}

/** How often the baseline the product is. */
export function ratioOf({ product, baseline = Number.NaN }: Pair): number {
  return product / baseline;
}

/** A row that has no figure. */
export function unmeasured(spec: RowSpec, note: string): RowResult {
  return { ...headOf(spec), value: null, baseline: null, ratio: null, samples: [], clean: true, note };
}

function headOf({ name, unit, limit, better }: RowSpec) {
  return { name, unit, limit: limit ?? null, better };
}

/** Whether a row is over its limit, or has one and no figure. */
export function isOver({ value, limit, better }: Pick<RowResult, "value" | "limit" | "better">): boolean {
  if (limit === null) return false;
  if (value === null || Number.isNaN(value)) return true;
  return better === "lower" ? value > limit : value < limit;
}

/** 1 when a limit is exceeded. */
export function exitCodeOf(results: readonly RowResult[]): 0 | 1 {
  return results.some(isOver) ? 1 : 0;
}
