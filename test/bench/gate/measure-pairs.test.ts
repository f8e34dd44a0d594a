import { describe, expect, test } from "vitest";
import type { Gate, Watched } from "../../../bench/gate/gate.ts";
import { measurePairs, otherFigure, type Pairs, type Sides } from "../../../bench/gate/measure-pairs.ts";

/** A gate behind which each measurement meets the next of these shares of foreign use; none at the end. */
function gateWith(...shares: number[]): Gate {
  const watch = async <T>(run: () => Promise<T>): Promise<Watched<T>> => ({ result: await run(), foreign: shares.shift() ?? 0 });
  return { quiet: async () => true, watch } as unknown as Gate;
}

function measure(sides: Sides, { pairs = 2, tries = 4, foreign = [] as number[] } = {}): Promise<Pairs> {
  return measurePairs(sides, { pairs, tries, patienceMs: 0 }, gateWith(...foreign), () => {});
}

/** Measures 1, 2, 3 … */
function counting(): () => Promise<number> {
  let n = 0;
  return async () => ++n;
}

describe("measurePairs", () => {
  test("measures product and baseline by turns", async () => {
    const order: string[] = [];
    const side = (name: string) => async () => order.push(name);

    await measure({ product: side("A"), baseline: side("B") }, { pairs: 3 });

    expect(order.join(" ")).toBe("A B A B A B");
  });

  test("throws out a pair when somebody used the machine during either half, and measures another", async () => {
    const { kept, thrown, clean } = await measure(
      { product: counting(), baseline: counting() },
      { foreign: [0, 0.3, 0.5, 0, 0.1, 0.1, 0, 0] },
    );

    expect(kept.map(({ product, baseline }) => [product, baseline])).toEqual([
      [3, 3],
      [4, 4],
    ]);
    expect({ thrown, clean }).toEqual({ thrown: 2, clean: true });
  });

  test("gives up after so many tries, keeps what was disturbed least and says that it is not clean", async () => {
    const foreign = [0.9, 0.5, 0.2, 0.8];

    const { kept, thrown, clean } = await measure({ product: counting() }, { pairs: 2, tries: 4, foreign });

    expect(kept.map((pair) => [pair.product, pair.foreign])).toEqual([
      [3, 0.2],
      [2, 0.5],
    ]);
    expect({ thrown, clean }).toEqual({ thrown: 2, clean: false });
  });

  test("has no baseline where nothing is compared", async () => {
    const { kept } = await measure({ product: counting() }, { pairs: 1 });

    expect(kept).toEqual([{ product: 1, others: {}, foreign: 0 }]);
  });

  test("keeps other figures with the measurement that they came with", async () => {
    const product = counting();
    const measured = async () => {
      const value = await product();
      return { value, others: { memory: value * 100 } };
    };

    const pairs = await measure({ product: measured }, { pairs: 2, foreign: [0.5] });

    expect(otherFigure(pairs, "memory").kept.map((pair) => pair.product)).toEqual([200, 300]);
  });

  test("says how far it is", async () => {
    const told: string[] = [];

    await measurePairs({ product: counting() }, { pairs: 2, tries: 9, patienceMs: 0 }, gateWith(0, 0.5), (text) => told.push(text));

    expect(told).toEqual(["0 of 2", "1 of 2", "1 of 2, 1 thrown out"]);
  });
});
