import { describe, expect, test } from "vitest";
import { Dag } from "../../../shared/domain/dag.ts";

describe("Dag", () => {
  test("puts dependencies before dependants and keeps the author's order where it is free", () => {
    const dag = Dag.of([[3], [], [1], []]);

    expect(dag).toMatchObject({ order: [1, 3, 2, 0] });
  });

  test("names the steps on a cycle in the order of work", () => {
    const found = Dag.of([[], [0, 3], [1], [2]]); // 1 → 2 → 3 → 1

    expect(found).toHaveProperty("cycle");
    const { cycle } = found as { cycle: number[] };
    expect(cycle).toHaveLength(4);
    expect(cycle[0]).toBe(cycle[3]);
    expect(new Set(cycle)).toEqual(new Set([1, 2, 3]));
  });

  test("takes a step that waits for itself for a cycle", () => {
    expect(Dag.of([[0]])).toEqual({ cycle: [0, 0] });
  });

  test("finds a cycle behind steps that only wait for it", () => {
    const found = Dag.of([[1], [2], [1]]);

    expect(found).toEqual({ cycle: [1, 2, 1] });
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
