import { describe, expect, test } from "vitest";
import { type RowResult, unmeasured } from "../../../bench/report/row.ts";
import { bar, figure, printRows, rowLine, verdict } from "../../../bench/report/table.ts";
import { terminalOf } from "../../../cli/terminal.ts";

function aRow(more: Partial<RowResult> = {}): RowResult {
  return {
    name: "chain",
    value: 1.5,
    unit: "ms/step",
    limit: 3,
    better: "lower",
    baseline: 124,
    ratio: 2.2,
    samples: [1.25, 1.5, 1.75],
    clean: true,
    ...more,
  };
}

function print(rows: RowResult[], isTTY: boolean): string[] {
  const lines: string[] = [];
  const stream = { write: (text: string | Uint8Array) => lines.push(String(text)), isTTY, columns: 200 };
  printRows(terminalOf(stream, { TERM: "xterm", NO_COLOR: "1" }), rows);
  return lines.join("").trimEnd().split("\n");
}

describe("printRows", () => {
  test("gives plain lines parted by tabs to a program", () => {
    const lines = print([aRow(), aRow({ name: "submit", value: 0.1, limit: 0.15, better: "higher", note: "61 a second" })], false);

    expect(lines).toEqual([
      "row\tmedian\tminimum\tunit\tlimit\tbaseline\tratio\tresult\tnote",
      "chain\t1.50\t1.25\tms/step\t≤ 3.00\t124\t2.20\tok\t",
      "submit\t0.100\t1.25\tms/step\t≥ 0.150\t124\t2.20\tOVER\t61 a second",
    ]);
  });

  test("draws a bar against the limit for a person", () => {
    const [, line] = print([aRow()], true);

    expect(line).toContain("██████······│······");
    expect(line).not.toContain("\t");
  });

  test("says of a row without a figure why there is none", () => {
    const [, line] = print(
      [unmeasured({ name: "chain-doit", what: "", unit: "ms/step", better: "lower" }, "doit is not installed")],
      false,
    );

    expect(line).toBe("chain-doit\t\t\tms/step\t\t\t\tnot measured\tdoit is not installed");
  });
});

describe("bar", () => {
  test("is full up to the stroke at the limit, whichever way is better", () => {
    expect(bar(aRow({ value: 3 }))).toBe("████████████│······");
    expect(bar(aRow({ value: 500, limit: 500, better: "higher" }))).toBe("████████████│······");
  });

  test("goes over the stroke beyond the limit and ends at the edge", () => {
    expect(bar(aRow({ value: 4 }))).toBe("████████████│████··");
    expect(bar(aRow({ value: 400 }))).toBe("████████████│██████");
    expect(bar(aRow({ value: 0, limit: 500, better: "higher" }))).toBe("████████████│██████");
  });

  test("is empty where there is no limit or no figure", () => {
    expect(bar(aRow({ limit: null }))).toBe("");
    expect(bar(aRow({ value: null }))).toBe("");
  });
});

describe("figure", () => {
  test.each([
    [0, "0"],
    [0.01234, "0.0123"],
    [1.005, "1.00"],
    [12.34, "12.3"],
    [1234.5, "1235"],
    [-0.5, "-0.500"],
    [Number.NaN, "NaN"],
    [null, ""],
  ])("writes %d as %s", (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

describe("verdict", () => {
  test("tells what is over from what failed and from what is only compared", () => {
    expect(
      [aRow(), aRow({ value: 4 }), aRow({ value: null }), aRow({ limit: null }), aRow({ value: null, limit: null })].map(verdict),
    ).toEqual(["ok", "OVER", "FAILED", "", "not measured"]);
  });
});

describe("rowLine", () => {
  test("says in one line how a row went", () => {
    const { colors } = terminalOf({ write: () => {} }, { NO_COLOR: "1" });

    expect(rowLine(aRow({ note: "doit 0.37" }), colors)).toBe("ok           chain 1.50 ms/step (≤ 3.00) — doit 0.37");
  });
});
