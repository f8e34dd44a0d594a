import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { Gate, isClean, MOST_FOREIGN } from "../../../bench/gate/gate.ts";

/** A machine in which others use the next of these shares at each pause, the last one for good. */
function machine(...shares: number[]) {
  let at = 0;
  let busy = 0;
  let pauses = 0;
  const gate = new Gate({
    usage: () => ({ at, busy, own: 0, kernel: 0 }),
    pause: async (ms) => {
      at += ms / 1000;
      busy += (ms / 1000) * availableParallelism() * (shares[Math.min(pauses++, shares.length - 1)] ?? 0);
    },
  });
  return { gate, pauses: () => pauses };
}

describe("Gate", () => {
  test("waits until others are quiet", async () => {
    const { gate, pauses } = machine(0.9, 0.5, 0.01);

    const isQuiet = await gate.quiet(10_000);

    expect(isQuiet).toBe(true);
    expect(pauses()).toBe(3);
  });

  test("does not wait for ever", async () => {
    const { gate, pauses } = machine(0.9);

    const isQuiet = await gate.quiet(2000);

    expect(isQuiet).toBe(false);
    expect(pauses()).toBe(5);
  });

  test("tells what others used while something ran, and hands on what came out", async () => {
    let at = 0;
    const gate = new Gate({ usage: () => ({ at, busy: at * availableParallelism() * 0.3, own: 0, kernel: 0 }), pause: async () => {} });

    const { result, foreign } = await gate.watch(async () => {
      at = 2;
      return "done";
    });

    expect(result).toBe("done");
    expect(foreign).toBeCloseTo(0.3);
  });
});

describe("isClean", () => {
  test("draws the line at twelve hundredths of the machine", () => {
    expect(MOST_FOREIGN).toBe(0.12);
    expect(isClean(0.12)).toBe(true);
    expect(isClean(0.121)).toBe(false);
  });
});
