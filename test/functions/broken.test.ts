import { describe, expect, test } from "vitest";
import { aGraph, diamond } from "../support/graphs.ts";
import { type ActivityCall, RunRig } from "../support/run-rig.ts";

const HOUR_MS = 3_600_000;

/** From the n-th call on, the activity throws what no service should. */
function breaking(name: string, from: number, until = Number.POSITIVE_INFINITY): (call: ActivityCall) => Promise<unknown> {
  let calls = 0;
  return async (call) => {
    if (call.name !== name) return await call.run();
    calls++;
    if (calls >= from && calls < until) throw new TypeError("cannot read properties of undefined (reading 'secret')");
    return await call.run();
  };
}

describe("a bug", () => {
  test.each(["advanceRun", "beginStep", "settleStep"])("that %s meets now and then is got over", async (activity) => {
    await using rig = await RunRig.open();
    rig.interpose = breaking(activity, 2, 6);
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toEqual(["a", "b", "c", "d"]);
  });

  test("that begins no step ends it, and its run, within an hour", async () => {
    await using rig = await RunRig.open();
    rig.interpose = breaking("beginStep", 2);
    const runId = await rig.submit(aGraph({ a: [], b: ["a"], c: ["b"] }));

    const head = await rig.ended(runId, HOUR_MS);

    expect(await rig.statuses(runId)).toEqual({ a: "Completed", b: "Failed", c: "Skipped" });
    const stepRunId = await rig.stepRunId(runId, "b");
    expect(head).toMatchObject({
      status: "Failed",
      failure: { code: "InternalError", step: "b", remedy: expect.stringContaining(stepRunId) },
    });
    expect(JSON.stringify(head)).not.toContain("secret"); // what broke is for the log
  });

  test("that settles no step ends it and asks its job to end", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    rig.interpose = breaking("settleStep", 1);
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));

    const head = await rig.ended(runId, HOUR_MS);
    await rig.pass(1000);

    expect(await rig.statuses(runId)).toEqual({ a: "Failed", b: "Skipped" });
    expect(head).toMatchObject({ status: "Failed", failure: { code: "InternalError" } });
    expect([...rig.compute.ledger.values()]).toMatchObject([{ state: { status: "canceled" } }]);
  });

  test("that advances no run ends it and what it had started", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    rig.interpose = breaking("advanceRun", 2);
    const runId = await rig.submit(aGraph({ a: [], b: ["a"], c: [] }));

    const head = await rig.ended(runId, HOUR_MS);
    await rig.pass(600_000);

    expect(head).toMatchObject({
      status: "Failed",
      settled: true,
      failure: { code: "InternalError", remedy: expect.stringContaining(runId) },
    });
    expect(await rig.statuses(runId)).toEqual({ a: "Canceled", b: "Skipped", c: "Completed" });
    expect(await rig.head(runId)).toEqual(head);
  });

  test("that gives no step up does not keep its orchestration from trying", async () => {
    await using rig = await RunRig.open();
    const begin = breaking("beginStep", 1);
    const fail = breaking("failStep", 1, 5);
    rig.interpose = (call) => (call.name === "failStep" ? fail(call) : begin(call));
    const runId = await rig.submit(aGraph({ a: [] }));

    expect(await rig.ended(runId, 2 * HOUR_MS)).toMatchObject({ status: "Failed", failure: { code: "InternalError" } });
  });

  test("stands in the log under the ids of run and step", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [] }));
    const stepRunId = await rig.stepRunId(runId, "a");
    rig.compute.fault = () => {
      throw new TypeError("no such thing");
    };

    await rig.ended(runId, HOUR_MS);

    expect(rig.logged).toContainEqual({
      level: "error",
      message: "activity broke",
      detail: { activity: "beginStep", runId, stepRunId, cause: expect.stringContaining("no such thing") },
    });
  });
});

describe("a document that cannot be read", () => {
  async function damage(rig: RunRig, pk: string, sk: string): Promise<void> {
    const there = await rig.stored.read(pk, sk);
    if (!there) throw new Error(`there is no ${pk}/${sk}`);
    await rig.stored.replace(pk, sk, { written: "by somebody else" }, there.etag);
  }

  test("of a step fails the step, and with it the run", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 60_000 } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(10_000);

    await damage(rig, await rig.stepRunId(runId, "a"), "step");
    const head = await rig.ended(runId, HOUR_MS);

    expect(head).toMatchObject({ status: "Failed", failure: { code: "InternalError", step: "a" } });
    expect(await rig.statuses(runId)).toEqual({ a: "Failed", b: "Skipped" });
  });

  test("of a run's progress fails the run, and its steps stop", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(10_000);

    await damage(rig, runId, "progress");
    const head = await rig.ended(runId, HOUR_MS);
    await rig.pass(HOUR_MS);

    expect(head).toMatchObject({ status: "Failed", failure: { code: "InternalError" } });
    expect([...rig.compute.ledger.values()]).toMatchObject([{ state: { status: "canceled" } }]);
  });
});

describe("an orchestration whose run the store does not have", () => {
  test("ends by itself", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.ended(runId);
    const stranger = "01980000-0000-7000-8000-00000000abcd";
    rig.engine.create({ name: "pipelineRun", id: stranger, input: JSON.stringify({ runId: stranger }), parent: null });

    await rig.pass(HOUR_MS);

    expect(rig.instance(stranger)).toMatchObject({ status: "Completed" });
  });
});
