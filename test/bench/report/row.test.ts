import { describe, expect, test } from "vitest";
import type { Pairs } from "../../../bench/gate/measure-pairs.ts";
import { exitCodeOf, isOver, type RowSpec, ratioOf, resultOf, unmeasured } from "../../../bench/report/row.ts";

const SPEC: RowSpec = { name: "chain", what: "overhead of a step", unit: "ms/step", limit: 3, better: "lower" };

function pairs(values: [product: number, baseline: number][], more: Partial<Pairs> = {}): Pairs {
  return { kept: values.map(([product, baseline]) => ({ product, baseline, others: {}, foreign: 0.01 })), thrown: 0, clean: true, ...more };
}

describe("resultOf", () => {
  test("gives the median of the pairs' figures, the baseline's median and the ratio of the medians", () => {
    const result = resultOf(
      SPEC,
      pairs([
        [400, 100],
        [500, 200],
        [900, 100],
      ]),
      ({ product, baseline = 0 }) => (product - baseline) / 100,
    );

    expect(result).toEqual({
      name: "chain",
      value: 3,
      unit: "ms/step",
      limit: 3,
      better: "lower",
      baseline: 100,
      ratio: 5,
      samples: [3, 3, 8],
      clean: true,
    });
  });

  test("has neither baseline nor ratio where nothing was compared", () => {
    const alone: Pairs = { kept: [{ product: 7, others: {}, foreign: 0 }], thrown: 0, clean: true };

    const result = resultOf({ ...SPEC, limit: 20 }, alone, ({ product }) => product);

    expect(result).toMatchObject({ value: 7, baseline: null, ratio: null, limit: 20 });
  });

  test("says that others used the machine, and how much", () => {
    const disturbed: Pairs = { kept: [{ product: 7, others: {}, foreign: 0.456 }], thrown: 3, clean: false };

    const result = resultOf(SPEC, disturbed, ({ product }) => product, "counted by strace");

    expect(result.clean).toBe(false);
    expect(result.note).toBe("counted by strace; not clean: others used 46 % of the machine");
  });
});

describe("ratioOf", () => {
  test("is no number without a baseline", () => {
    expect(ratioOf({ product: 6, baseline: 3, others: {}, foreign: 0 })).toBe(2);
    expect(ratioOf({ product: 6, others: {}, foreign: 0 })).toBeNaN();
  });
});

describe("isOver", () => {
  test.each([
    { value: 3, limit: 3, better: "lower" as const, over: false },
    { value: 3.01, limit: 3, better: "lower" as const, over: true },
    { value: 500, limit: 500, better: "higher" as const, over: false },
    { value: 499, limit: 500, better: "higher" as const, over: true },
    { value: 1e9, limit: null, better: "lower" as const, over: false },
    { value: Number.NaN, limit: 3, better: "lower" as const, over: true },
    { value: null, limit: 3, better: "lower" as const, over: true },
    { value: null, limit: null, better: "lower" as const, over: false },
  ])("$value against $limit, $better is better: $over", ({ over, ...row }) => {
    expect(isOver(row)).toBe(over);
  });
});

describe("exitCodeOf", () => {
  test("is 1 as soon as one limit is exceeded, or could not be measured", () => {
    const good = resultOf(SPEC, pairs([[2, 1]]), ({ product }) => product);
    const bad = resultOf(SPEC, pairs([[4, 1]]), ({ product }) => product);

    expect(exitCodeOf([good])).toBe(0);
    expect(exitCodeOf([good, bad])).toBe(1);
    expect(exitCodeOf([good, unmeasured(SPEC, "the workspace did not start")])).toBe(1);
  });

  test("is 0 where what is only compared could not be measured", () => {
    const { limit: _, ...compared } = SPEC;

    expect(exitCodeOf([unmeasured(compared, "doit is not installed")])).toBe(0);
  });
});
