import { describe, expect, test } from "vitest";
import { caseName, casesNamed, casesOf, type Point, spread, waysOf } from "./case.ts";

const commit = (at: number): Point => ({ scenario: "chain", name: `host/commit/penstock.db#${at}`, tears: true });
const rename: Point = { scenario: "start", name: "stand-ins/rename/keys.json#1", tears: false };

describe("the kills of a run of chaos", () => {
  test("tear only what can be torn", () => {
    expect(waysOf(rename).map(({ mode }) => mode)).not.toContain("torn");
    expect(waysOf(rename)).toHaveLength(6);
    expect(waysOf(commit(1))).toHaveLength(8);
  });

  test("try every way at a point in eight seeds", () => {
    const cases = casesOf([commit(1)], [1, 2, 3, 4, 5, 6, 7, 8]);

    expect(new Set(cases.map(({ mode, victims }) => `${mode} ${victims}`)).size).toBe(8);
  });

  test("come to each kind of point before a kind comes again", () => {
    const cases = casesOf([...Array.from({ length: 20 }, (_, i) => commit(i + 1)), rename], [1]);

    const first = spread(cases).slice(0, 2);

    expect(first.map(({ scenario }) => scenario).sort()).toEqual(["chain", "start"]);
    expect(spread(cases)).toHaveLength(21);
  });

  test("are found again by the name that a failure prints, also where the point was not seen just now", () => {
    const [one] = casesOf([commit(3)], [5]);
    if (!one) throw new Error("there is no case");

    expect(casesNamed(caseName(one), [commit(3)], [5])).toEqual([one]);
    expect(casesNamed(caseName(one), [], [5])).toEqual([one]);
  });

  test("can be all of a point, or of all points whose names begin alike", () => {
    const points = [commit(1), commit(12), rename];

    expect(casesNamed("chain:host/commit/penstock.db#1", points, [1])).toHaveLength(8);
    expect(casesNamed("chain:host/commit", points, [1])).toHaveLength(16);
    expect(casesNamed("nothing", points, [1])).toEqual([]);
  });
});
