import { describe, expect, test } from "vitest";
import { busySeconds, type CpuUsage, foreignShare } from "../../../bench/gate/cpu-usage.ts";

function usage(at: number, more: Partial<CpuUsage> = {}): CpuUsage {
  return { at, busy: 0, own: 0, kernel: 0, ...more };
}

describe("busySeconds", () => {
  test("adds up user, nice, system and steal, and leaves out idle, waiting and interrupts", () => {
    const stat = "cpu  100 20 300 9999 8888 7777 6666 40 5555 4444\ncpu0 1 1 1 1 1 1 1 1 1 1\n";

    const busy = busySeconds(stat);

    expect(busy).toBeCloseTo(4.6);
  });
});

describe("foreignShare", () => {
  test("takes from what the machine was busy with what was ours and the kernel's own", () => {
    const before = usage(10, { busy: 100, own: 5, kernel: 1 });
    const after = usage(12, { busy: 103, own: 7, kernel: 1.5 });

    const share = foreignShare(before, after, 2);

    expect(share).toBeCloseTo(0.125); // half a second of the four that two cores have in two seconds
  });

  test("is nothing where rounding makes ours more than everybody's", () => {
    expect(foreignShare(usage(0), usage(1, { busy: 0.99, own: 1 }), 2)).toBe(0);
  });

  test("is never more than all", () => {
    expect(foreignShare(usage(0), usage(1, { busy: 5 }), 2)).toBe(1);
  });

  test("says nothing of a stretch of a few ticks", () => {
    expect(foreignShare(usage(0), usage(0.03, { busy: 0.06 }), 2)).toBe(0);
  });
});
