import { describe, expect, test } from "vitest";
import { Dag } from "../../../shared/domain/dag.ts";

describe("Dag", () => {
  test("puts dependencies before dependants and keeps the author's order where it is free", () => {
    const dag = Dag.of([[3], [], [1], []]);

    expect(dag).toMatchObject({ order: [1, 3, 2, 0] });
  });

  test("names the steps on a cycle in the order of work", () => {
    const found = Dag.of([[], [0, 3], [1], [2]]); // 1 → 2 → 3 → 1

    expect(found).toHaveProperty("cycles");
    const { cycles } = found as { cycles: number[][] };
    const [cycle = []] = cycles;
    expect(cycle).toHaveLength(4);
    expect(cycle[0]).toBe(cycle[3]);
    expect(new Set(cycle)).toEqual(new Set([1, 2, 3]));
  });

  test("takes a step that waits for itself for a cycle", () => {
    expect(Dag.of([[0]])).toEqual({ cycles: [[0, 0]] });
  });

  test("finds a cycle behind steps that only wait for it", () => {
    const found = Dag.of([[1], [2], [1]]);

    expect(found).toEqual({ cycles: [[1, 2, 1]] });
  });

  test("names every cycle that shares no step with another", () => {
    const found = Dag.of([[1], [0], [3], [4], [2], [0, 2]]); // 0 ⇄ 1, 2 → 4 → 3 → 2, and one behind both

    expect("cycles" in found && found.cycles.map((cycle) => new Set(cycle))).toEqual([new Set([0, 1]), new Set([2, 3, 4])]);
  });

  test("orders a chain of 20,000 without running out of stack", () => {
    const dag = Dag.of(Array.from({ length: 20_000 }, (_, index) => (index === 0 ? [] : [index - 1])));

    expect(dag instanceof Dag && dag.order.at(-1)).toBe(19_999);
  });

  test("closure holds a step and everything it needs", () => {
    const dag = Dag.of([[], [0], [0], [1]]) as Dag;

    expect([...dag.closure([3])].sort()).toEqual([0, 1, 3]);
  });
});
