import { describe, expect, test } from "vitest";
import { collectWarnings, keepWarnings, MOST_WARNINGS, shorten } from "../../../shared/domain/run-warnings.ts";

const step = (key: string, ...warnings: string[]) => ({ key, warnings });

describe("collectWarnings", () => {
  test("names each warning once, behind the steps that had it and after what the run said already", () => {
    const warnings = collectWarnings(["first"], [step("a", "image", "conda", "image"), step("b", "image"), step("c")]);

    expect(warnings).toEqual(["first", "a, b: image", "a: conda"]);
  });

  test("names five steps and counts the others", () => {
    const steps = Array.from({ length: 300 }, (_, n) => step(`s${n}`, "image"));

    expect(collectWarnings([], steps)).toEqual(["s0, s1, s2, s3, s4 and 295 more: image"]);
  });

  test("never shows more than a hundred, and says how many are left out", () => {
    const steps = Array.from({ length: 150 }, (_, n) => step(`s${n}`, `warning ${n}`));

    const warnings = collectWarnings(["first"], steps);

    expect(warnings).toHaveLength(MOST_WARNINGS);
    expect(warnings.at(-1)).toContain("52 more warnings");
  });

  test("shows a hundred in full", () => {
    const steps = Array.from({ length: 100 }, (_, n) => step(`s${n}`, `warning ${n}`));

    expect(collectWarnings([], steps).at(-1)).toBe("s99: warning 99");
  });
});

describe("keepWarnings", () => {
  test("keeps each once, and of a flood the first and a count", () => {
    const flood = Array.from({ length: 500 }, (_, n) => `warning ${n}`);

    const kept = keepWarnings(["a", "a", "b"]);
    const few = keepWarnings(flood);

    expect(kept).toEqual(["a", "b"]);
    expect(few).toHaveLength(20);
    expect(few.at(-1)).toContain("481 more warnings");
  });
});

describe("shorten", () => {
  test("leaves a short text alone, and never leaves half a character", () => {
    expect(shorten("abc", 3)).toBe("abc");
    expect(shorten("abcd", 3)).toBe("ab…");
    expect(shorten("a😀😀", 3).isWellFormed()).toBe(true);
  });
});
