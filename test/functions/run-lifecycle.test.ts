import { describe, expect, test } from "vitest";
import { aGraph, diamond } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** One step, then so many beside one another, then one that waits for all. */
function fan(width: number) {
  const middle = names("m", width);
  return aGraph({ first: [], ...Object.fromEntries(middle.map((key) => [key, ["first"]])), last: middle });
}

describe("a run", () => {
  test("goes through a diamond: each step once, the join after both branches", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(head).toMatchObject({ status: "Completed", settled: true, warnings: [] });
    expect(rig.startedJobs()).toEqual(["a", "b", "c", "d"]);
    expect(await rig.steps(runId)).toMatchObject({
      a: { status: "Completed", attempt: 1, startedAt: expect.any(String), endedAt: expect.any(String) },
      d: { status: "Completed" },
    });
  });

  test("takes no longer than its longest path, since events carry it", async () => {
    await using rig = await RunRig.open();
    const begin = rig.clock.now();
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(Date.parse(head.endedAt ?? "") - begin).toBe(3000);
  });

  test("fans out to fifty steps and in again", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(fan(50));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toEqual(["first", ...names("m", 50), "last"]);
  });
});
