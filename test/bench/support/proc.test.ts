import { describe, expect, test } from "vitest";
import { familyOf, type ProcessStat, parseStat, secondsOf } from "../../../bench/support/proc.ts";

function stat(pid: number, parent: number, more: Partial<ProcessStat> = {}): ProcessStat {
  return { pid, parent, isKernel: false, seconds: 1, childrenSeconds: 0, ...more };
}

describe("parseStat", () => {
  test("reads times in seconds, also where a program's name looks like fields", () => {
    const line = "42 (a b) S 9 (x) R 7 42 42 0 -1 4194304 500 600 0 0 150 50 30 20 20 0 1 0 12345 1000 200";

    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, isKernel: false, seconds: 2, childrenSeconds: 0.5 });
  });

  test("knows the kernel's own threads", () => {
    const line = "30 (kworker/0:1) I 2 0 0 0 -1 69238880 0 0 0 0 0 700 0 0 20 0 1 0 1 0 0";

    expect(parseStat(line)).toMatchObject({ isKernel: true, seconds: 7 });
  });
});

describe("familyOf", () => {
  test("has everything below a process, in whatever order they are listed", () => {
    const processes = [stat(30, 20), stat(20, 10), stat(10, 1), stat(40, 1), stat(50, 40)];

    const family = familyOf(10, processes);

    expect(family.map(({ pid }) => pid)).toEqual([30, 20, 10]);
  });
});

describe("secondsOf", () => {
  test("counts children that have ended", () => {
    expect(secondsOf([stat(1, 0, { seconds: 2, childrenSeconds: 3 }), stat(2, 1, { seconds: 0.5 })])).toBe(5.5);
  });
});
