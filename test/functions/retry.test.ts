import { describe, expect, test } from "vitest";
import { aGraph } from "../support/graphs.ts";
import { aUser, RunRig } from "../support/run-rig.ts";

/** One step that is tried so often, and one behind it. */
function retrying(retry: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const graph = aGraph({ a: [], b: ["a"] });
  const [a, b] = graph.steps;
  if (!a || !b) throw new Error("two steps were made");
  return {
    ...graph,
    steps: [{ ...a, ...more, retry: { backoffSeconds: 30, factor: 2, maxBackoffSeconds: 3600, on: ["script"], ...retry } }, b],
  } as typeof graph;
}
/** The first so many jobs of step `a` fail with an exit code. */
function fails(rig: RunRig, times: number): void {
  rig.compute.plan = () => ({ ends: "never", afterMs: 0 });
  rig.compute.execute = ({ request }) => {
    const attempt = Number(request.key.split("_")[1]);
    if (request.displayName === "a" && attempt <= times)
      rig.compute.tell(request.key, "failed", { exitCode: 3, code: "UserError", message: `try ${attempt}` });
    else rig.compute.tell(request.key, "completed");
  };
}
const keys = (rig: RunRig) => [...rig.compute.ledger.values()].map(({ request }) => `${request.displayName}${request.key.split("_")[1]}`);

describe("a step that is to be tried again", () => {
  test("is, after growing pauses, each time as a job of its own, until it completes", async () => {
    await using rig = await RunRig.open();
    fails(rig, 2);
    const runId = await rig.submit(retrying({ maxAttempts: 4 }));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(keys(rig)).toEqual(["a1", "a2", "a3", "b1"]);
    const seconds = (Date.parse(head.endedAt ?? "") - Date.parse(head.createdAt)) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(90);
    expect(seconds).toBeLessThan(95);
    const step = await rig.services.getRun(aUser, await rig.stepRunId(runId, "a"), { waitSeconds: 0 });
    expect(step).toMatchObject({
      status: "Completed",
      attempt: 3,
      earlierAttempts: [
        { attempt: 1, failure: { cause: "try 1", exitCode: 3 } },
        { attempt: 2, failure: { cause: "try 2" } },
      ],
    });
    expect((await rig.steps(runId))["a"]).toMatchObject({ attempt: 3 });
  });

  test("fails with its last attempt's cause when all have failed", async () => {
    await using rig = await RunRig.open();
    fails(rig, 9);
    const runId = await rig.submit(retrying({ maxAttempts: 2 }));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Failed");
    expect(head.failure).toMatchObject({ step: "a", cause: expect.stringContaining("try 2") });
    expect(keys(rig)).toEqual(["a1", "a2"]);
    expect(await rig.statuses(runId)).toEqual({ a: "Failed", b: "Skipped" });
  });

  test("is not for a failure that it is not meant for", async () => {
    await using rig = await RunRig.open();
    fails(rig, 9);
    const runId = await rig.submit(retrying({ maxAttempts: 5, on: ["timeout"] }));

    expect((await rig.ended(runId)).status).toBe("Failed");
    expect(keys(rig)).toEqual(["a1"]);
  });

  test("is told as queued, with its attempt, while it waits, and a late word of the last job does not hasten it", async () => {
    await using rig = await RunRig.open();
    fails(rig, 1);
    const runId = await rig.submit(retrying({ maxAttempts: 2, backoffSeconds: 600 }));
    await rig.pass(20_000);

    await rig.note(await rig.jobId(runId, "a"), "failed");
    await rig.pass(10_000);
    const waiting = (await rig.steps(runId))["a"];
    const before = keys(rig);
    const head = await rig.ended(runId);

    expect(waiting).toMatchObject({ status: "Queued", attempt: 2 });
    expect(before).toEqual(["a1"]);
    expect(head.status).toBe("Completed");
    expect(Date.parse(head.endedAt ?? "") - Date.parse(head.createdAt)).toBeGreaterThanOrEqual(600_000);
  });

  test("is canceled at once while it waits, and no job follows", async () => {
    await using rig = await RunRig.open();
    fails(rig, 9);
    const runId = await rig.submit(retrying({ maxAttempts: 9, backoffSeconds: 3600 }));
    await rig.pass(20_000);

    await rig.services.cancelRun(runId);
    const head = await rig.ended(runId, 10_000);
    await rig.pass(7_200_000);

    expect(head.status).toBe("Canceled");
    expect(keys(rig)).toEqual(["a1"]);
  });

  test("does not mix what its attempts log, and forgets what an earlier one said of its end", async () => {
    await using rig = await RunRig.open();
    rig.compute.plan = () => ({ ends: "never", afterMs: 0 });
    const runId = await rig.submit(retrying({ maxAttempts: 2, backoffSeconds: 1 }));
    await rig.pass(5_000);
    const stepRunId = await rig.stepRunId(runId, "a");
    const log = (order: number, value: number) =>
      rig.services.logMetrics(aUser, stepRunId, {
        batchId: `01980000-0000-7000-8000-00000000000${value}`,
        order,
        entries: [{ kind: "scalar", name: "loss", value, time: "2026-01-01T00:00:00Z" }],
      });
    await log(5, 1);
    await rig.services.endRun(aUser, stepRunId, { status: "Failed", error: "no luck" });
    rig.compute.tell(`${stepRunId}_1`, "completed");
    await rig.pass(10_000, () => rig.compute.ledger.has(`${stepRunId}_2`));
    await rig.pass(2_000);
    await log(0, 2);
    rig.compute.execute = ({ request }) => rig.compute.tell(request.key, "completed");
    rig.compute.tell(`${stepRunId}_2`, "completed");

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect((await rig.services.listMetrics(aUser, stepRunId, undefined)).map((entry) => (entry as { value: unknown }).value)).toEqual([2]);
  });

  test("comes to the same end wherever the host dies in settling an attempt", async () => {
    let cameThrough = false;
    for (let calls = 1; !cameThrough; calls++) {
      await using rig = await RunRig.open();
      fails(rig, 1);
      let died = false;
      rig.interpose = async (call) => {
        if (call.name !== "settleStep" || died) return await call.run();
        died = true;
        cameThrough = !(await call.runUntilCall(calls));
        return await call.run();
      };
      const runId = await rig.submit(retrying({ maxAttempts: 3 }));

      expect((await rig.ended(runId)).status, `died at call ${calls}`).toBe("Completed");
      expect(keys(rig), `died at call ${calls}`).toEqual(["a1", "a2", "b1"]);
    }
  });
});
