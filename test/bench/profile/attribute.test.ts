import { describe, expect, test } from "vitest";
import { attribute, hottest } from "../../../bench/profile/attribute.ts";
import type { Stack } from "../../../bench/profile/cpu-profile.ts";

function aStack(microseconds: number, ...frames: [name: string, source: string][]): Stack {
  return { microseconds, frames: frames.map(([name, source]) => ({ name, source, line: 7 })) };
}

const STACKS = [
  aStack(300_000, ["exec", ""], ["commit", "local/host/durable/sqlite-storage.ts"]),
  aStack(100_000, ["respond", "local/host/http/respond.ts"]),
  aStack(600_000, ["(idle)", ""]),
];

describe("attribute", () => {
  test("gives the time of one step and the share of what the process was busy with", () => {
    const times = attribute("host", STACKS, 100);

    expect(times).toEqual([
      { role: "host", stage: "HTTP", milliseconds: 1, share: 0.25 },
      { role: "host", stage: "commits and syncs", milliseconds: 3, share: 0.75 },
      { role: "host", stage: "idle", milliseconds: 6, share: 0.6 },
    ]);
  });
});

describe("hottest", () => {
  test("counts native code to the function that called it, and passes over the watching itself", () => {
    const watched = aStack(
      50_000,
      ["exec", ""],
      ["exec", "bench/watch/count-syncs.ts"],
      ["commit", "local/host/durable/sqlite-storage.ts"],
    );

    const [first, second, ...rest] = hottest([...STACKS, watched], 2);

    expect(first).toEqual({ name: "commit → exec (local/host/durable/sqlite-storage.ts:7)", microseconds: 350_000 });
    expect(second).toEqual({ name: "respond (local/host/http/respond.ts:7)", microseconds: 100_000 });
    expect(rest).toEqual([]);
  });
});
