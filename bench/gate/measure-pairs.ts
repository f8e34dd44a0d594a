import { type Gate, isClean } from "./gate.ts";

/** How much is measured. */
export interface Plan {
  /** Clean pairs wanted. */
  pairs: number;
  /** Pairs measured at the most, those thrown out included. */
  tries: number;
  /** How long to wait for a quiet machine before a pair, in milliseconds. */
  patienceMs: number;
}

/** Other figures that come with a measurement, by name. */
export type Others = Readonly<Record<string, number>>;
/** What one side measures. */
export type Measured = number | { value: number; others: Others };

/** One measurement of the product and, right after it, one of what it is compared with. */
export interface Pair {
  product: number;
  others: Others;
  /** Absent where nothing is compared. */
  baseline?: number;
  baselineOthers?: Others;
  /** What others used of all cores in the busier half, from 0 to 1. */
  foreign: number;
}

export interface Pairs {
  kept: Pair[];
  thrown: number;
  /** False when the tries ran out: then those kept are the ones that others disturbed least. */
  clean: boolean;
}

export interface Sides {
  product: () => Promise<Measured>;
  baseline?: (() => Promise<Measured>) | undefined;
}

/** Measures A B A B … until there are enough pairs during which nothing else used the machine, or the tries have run out. */
export async function measurePairs({ product, baseline }: Sides, plan: Plan, gate: Gate, tell: (text: string) => void): Promise<Pairs> {
  const clean: Pair[] = [];
  const disturbed: Pair[] = [];
  while (clean.length < plan.pairs && clean.length + disturbed.length < plan.tries) {
    tell(`${clean.length} of ${plan.pairs}${disturbed.length > 0 ? `, ${disturbed.length} thrown out` : ""}`);
    await gate.quiet(plan.patienceMs);
    const a = await gate.watch(product);
    const b = baseline && (await gate.watch(baseline));
    const pair = pairOf(a.result, b?.result, Math.max(a.foreign, b?.foreign ?? 0));
    (isClean(pair.foreign) ? clean : disturbed).push(pair);
  }
  return settle(clean, disturbed, plan.pairs);
}

/** The same pairs with another of the product's figures in its place, compared with nothing. */
export function otherFigure(pairs: Pairs, name: string): Pairs {
  const kept = pairs.kept.map(({ others, foreign }) => ({ product: others[name] ?? Number.NaN, others, foreign }));
  return { ...pairs, kept };
}

function pairOf(product: Measured, baseline: Measured | undefined, foreign: number): Pair {
  const [ours, theirs] = [product, baseline].map((one) => (typeof one === "number" ? { value: one, others: {} } : one));
  return {
    product: ours?.value ?? Number.NaN,
    others: ours?.others ?? {},
    ...(theirs && { baseline: theirs.value, baselineOthers: theirs.others }),
    foreign,
  };
}

function settle(clean: Pair[], disturbed: Pair[], wanted: number): Pairs {
  const missing = wanted - clean.length;
  const filled = disturbed.toSorted((a, b) => a.foreign - b.foreign).slice(0, missing);
  return { kept: [...clean, ...filled], thrown: disturbed.length - filled.length, clean: missing === 0 };
}
