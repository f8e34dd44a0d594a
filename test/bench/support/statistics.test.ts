import { describe, expect, test } from "vitest";
import { logLogSlope, median, minimum, percentile } from "../../../bench/support/statistics.ts";

describe("median", () => {
  test("is the middle value, or the mean of the two in the middle, whatever the order", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 10, 2])).toBe(3);
    expect(median([7])).toBe(7);
  });

  test("is not made up where nothing was measured", () => {
    expect(() => median([])).toThrow("no measurements");
  });
});

describe("minimum", () => {
  test("is the smallest by value, not by spelling", () => {
    expect(minimum([10, 9, 100])).toBe(9);
  });
});

describe("percentile", () => {
  test("is what the given share does not exceed", () => {
    const values = Array.from({ length: 101 }, (_, n) => n);

    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 1)).toBe(100);
  });
});

describe("logLogSlope", () => {
  test("is 1 in proportion, 2 when quadratic and 0 when nothing grows", () => {
    expect(logLogSlope(3, 30, 10)).toBeCloseTo(1);
    expect(logLogSlope(3, 300, 10)).toBeCloseTo(2);
    expect(logLogSlope(3, 3, 10)).toBeCloseTo(0);
  });
});
