import { describe, expect, test } from "vitest";
import type { Bench, Family } from "../../bench/family.ts";
import { type RowResult, type RowSpec, resultOf } from "../../bench/report/row.ts";
import { runFamilies } from "../../bench/run-families.ts";

function aSpec(name: string): RowSpec {
  return { name, what: name, unit: "ms", limit: 1, better: "lower" };
}

function aResult(spec: RowSpec): RowResult {
  return resultOf(spec, { kept: [{ product: 1, others: {}, foreign: 0 }], thrown: 0, clean: true }, ({ product }) => product);
}

function aBench(wants: string[]): { bench: Bench; reported: string[] } {
  const reported: string[] = [];
  const bench: Partial<Bench> = { wants: ({ name }) => wants.includes(name), report: ({ name }) => reported.push(name) };
  return { bench: bench as Bench, reported };
}

const [a, b, c] = [aSpec("a"), aSpec("b"), aSpec("c")] as const;

describe("runFamilies", () => {
  test("leaves alone what is not wanted", async () => {
    const measured: string[] = [];
    const family = (row: RowSpec): Family => ({
      rows: [row],
      measure: async (bench) => {
        measured.push(row.name);
        bench.report(aResult(row));
      },
    });
    const { bench, reported } = aBench(["b"]);

    const results = await runFamilies([family(a), family(b)], bench);

    expect(measured).toEqual(["b"]);
    expect(reported).toEqual(["b"]);
    expect(results.map(({ name }) => name)).toEqual(["b"]);
  });

  test("says of each row that a broken family did not come to what broke, and goes on", async () => {
    const broken: Family = {
      rows: [a, b],
      measure: async (bench) => {
        bench.report(aResult(a));
        throw new Error("the workspace did not start:\nport 1 is in use");
      },
    };
    const whole: Family = { rows: [c], measure: async (bench) => bench.report(aResult(c)) };
    const { bench } = aBench(["a", "b", "c"]);

    const results = await runFamilies([broken, whole], bench);

    expect(results.map(({ name, value, note }) => [name, value, note])).toEqual([
      ["a", 1, undefined],
      ["b", null, "the workspace did not start: port 1 is in use"],
      ["c", 1, undefined],
    ]);
  });
});
