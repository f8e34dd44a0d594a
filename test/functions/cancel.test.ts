import { describe, expect, test } from "vitest";
import { StepRunInput } from "../../shared/domain/turns.ts";
import { aGraph, diamond, numbered } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

const LONG = { ends: "completed", afterMs: 3_600_000 } as const;

/** Jobs of the rig's compute by step, each with how it stands. */
function jobs(rig: RunRig): Record<string, string> {
  return Object.fromEntries([...rig.compute.ledger.values()].map(({ request, state }) => [request.displayName, state.status]));
}

describe("a cancel", () => {
  test("before anything began leaves no job", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond());

    await rig.services.cancelRun(runId);
    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(await rig.statuses(runId)).toEqual({ a: "Canceled", b: "Canceled", c: "Canceled", d: "Canceled" });
    expect(jobs(rig)).toEqual({});
  });

  test("before a step that was started began leaves no job either", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond());
    rig.interpose = async (call) => {
      if (call.name === "beginStep") await rig.services.cancelRun(runId);
      return await call.run();
    };

    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(jobs(rig)).toEqual({});
  });

  test("while thousands of steps are being started leaves the others alone", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph(Object.fromEntries(numbered("s", 2000).map((key) => [key, []]))));
    let started = 0;
    rig.beforeClient = async (operation, instanceId) => {
      if (operation === "start" && instanceId !== runId && ++started === 10) await rig.services.cancelRun(runId);
    };

    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(new Set(Object.values(await rig.statuses(runId)))).toEqual(new Set(["Canceled"]));
    expect(jobs(rig)).toEqual({});
    expect(started).toBeLessThan(300);
  });

  test("between a step's begin and its submit ends the job that the submit starts", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: LONG });
    const runId = await rig.submit(diamond());
    rig.documents.after = async ({ operation, sk }) => {
      if (operation === "create" && sk === "step") await rig.services.cancelRun(runId);
    };

    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(jobs(rig)).toEqual({ a: "canceled" });
  });

  test("whose notice is lost, between a step's begin and its submit, ends the job at once and not at the first look", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: LONG });
    const runId = await rig.submit(aGraph({ a: [] }));
    rig.documents.after = async ({ operation, sk }) => {
      const stored = await rig.runs.head(runId);
      if (operation !== "create" || sk !== "step" || !stored) return;
      const asked = new Date(rig.clock.now()).toISOString();
      await rig.runs.replaceHead({ ...stored.value, status: "CancelRequested", cancelRequestedAt: asked }, stored.etag);
    };

    await rig.pass(1000);

    expect(jobs(rig)).toEqual({ a: "canceled" });
  });

  test("settles a step in one of two calls that begin it at once, and the other starts nothing", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [] }));
    let input: unknown;
    rig.interpose = (call) => {
      if (call.name === "beginStep") input = call.input;
      return call.run();
    };
    let isFirst = true;
    rig.documents.before = async ({ operation, sk }) => {
      if (operation !== "create" || sk !== "step" || !isFirst) return;
      isFirst = false;
      await rig.services.cancelRun(runId);
      await rig.services.beginStep(StepRunInput.parse(input));
    };

    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(jobs(rig)).toEqual({});
  });

  test("right after the submit ends the job, before anything has told of it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: LONG });
    rig.notices = () => [];
    const runId = await rig.submit(diamond());
    rig.compute.execute = () => void rig.services.cancelRun(runId);

    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(jobs(rig)).toEqual({ a: "canceled" });
  });

  test("while jobs run ends them within seconds and starts no other", async () => {
    await using rig = await RunRig.open();
    rig.plans({ b: LONG, c: LONG });
    const runId = await rig.submit(diamond());
    await rig.pass(30_000);

    await rig.services.cancelRun(runId);
    const begin = rig.clock.now();
    const head = await rig.ended(runId);

    expect(head).toMatchObject({ status: "Canceled", cancelRequestedAt: new Date(begin).toISOString() });
    expect(Date.parse(head.endedAt ?? "") - begin).toBeLessThan(1000);
    expect(await rig.statuses(runId)).toEqual({ a: "Completed", b: "Canceled", c: "Canceled", d: "Canceled" });
    expect(jobs(rig)).toEqual({ a: "completed", b: "canceled", c: "canceled" });
  });

  test("shows that it was asked for while a job takes its time to end", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ...LONG, cancelMs: 60_000 } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(30_000);

    await rig.services.cancelRun(runId);
    await rig.pass(30_000);

    expect(await rig.head(runId)).toMatchObject({ status: "CancelRequested", settled: false });
    expect(await rig.statuses(runId)).toEqual({ a: "CancelRequested", b: "Canceled" });
    expect(await rig.ended(runId)).toMatchObject({ status: "Canceled" });
  });

  test("lets a job that is finalizing end, and starts nothing behind it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 60_000, stuckAs: "finalizing" } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(30_000);

    await rig.services.cancelRun(runId);
    const head = await rig.ended(runId);

    expect(head.status).toBe("Canceled");
    expect(await rig.statuses(runId)).toEqual({ a: "Completed", b: "Canceled" });
  });

  test("that finds every step completed changed nothing", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 60_000, stuckAs: "finalizing" } });
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(30_000);

    await rig.services.cancelRun(runId);

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
  });

  test("after the end is refused, and says how the run ended", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.ended(runId);

    await expect(rig.services.cancelRun(runId)).rejects.toMatchObject({
      problem: { kind: "conflict", message: "the run is Completed already" },
    });
  });

  test("twice, and at the moment of the last step's end, ends the run once", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    let canceled = 0;
    rig.documents.before = async ({ operation, pk, by }) => {
      // Between advanceRun's reading of the head and its moving of it.
      if (operation === "replace" && pk === "runs" && by !== undefined && canceled++ < 1) await rig.services.cancelRun(runId);
    };

    const head = await rig.ended(runId, 60_000);

    expect(head).toMatchObject({ status: "Canceled", startedAt: expect.any(String) });
    expect(head.cancelRequestedAt).toBeDefined();
  });

  test("that cancels a step between a look's reading of the head and of the steps' ends is no failure of the step", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: LONG });
    const runId = await rig.submit(aGraph({ a: [], b: [] }), { continueOnStepFailure: true });
    const a = StepRunInput.parse({ runId, stepRunId: await rig.stepRunId(runId, "a"), index: 0 });
    let looks = 0;
    rig.documents.before = async ({ operation, pk }) => {
      // The second look is the one at b's end.
      if (operation !== "list" || pk !== runId || ++looks !== 2) return;
      await rig.services.cancelRun(runId);
      await rig.services.settleStep(a);
      await rig.sleep(30_000);
      await rig.services.settleStep(a);
    };

    const head = await rig.ended(runId, 120_000);

    expect(looks).toBeGreaterThan(1);
    expect(head.status).toBe("Canceled");
    expect(await rig.statuses(runId)).toEqual({ a: "Canceled", b: "Completed" });
  });

  test("that comes while the run's end is stored leaves the end as it is", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [] }));
    let moves = 0;
    rig.documents.before = async ({ operation, pk, by }) => {
      // The head is moved twice: when the run begins and when it ends.
      if (operation === "replace" && pk === "runs" && by !== undefined && ++moves === 2) await rig.services.cancelRun(runId);
    };

    const head = await rig.ended(runId, 60_000);

    expect(head).toMatchObject({ status: "Completed", cancelRequestedAt: expect.any(String) });
  });

  test("is not lost where the host dies between the decision to stop and its telling the steps", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: LONG });
    rig.notices = () => [];
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass((2 * 3600_000) / 4); // by now the step looks by itself only every five minutes
    rig.beforeClient = (operation, instanceId) => {
      if (operation === "raise" && instanceId !== runId) throw new Error("connection refused");
    };
    await rig.services.cancelRun(runId);
    await rig.pass(1000);
    rig.beforeClient = () => {};

    const begin = rig.clock.now();
    const head = await rig.ended(runId);

    expect(head.status).toBe("Canceled");
    expect(Date.parse(head.endedAt ?? "") - begin).toBeLessThan(90_000);
  });

  test("of a step whose service was always too busy to take it is no failure", async () => {
    await using rig = await RunRig.open();
    rig.compute.fault = (operation) => (operation === "submit" ? { kind: "busy", retryAfterSeconds: 20 } : undefined);
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(600_000);

    await rig.services.cancelRun(runId);
    const head = await rig.ended(runId, 60_000);

    expect(head).toMatchObject({ status: "Canceled" });
    expect(await rig.statuses(runId)).toEqual({ a: "Canceled" });
  });

  test("finds a job whose submit was never answered and that reads do not see yet", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ...LONG, hiddenMs: 10_000 } });
    rig.compute.fault = (operation) => (operation === "submit" ? { kind: "answerLost" } : undefined);
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(100);

    await rig.services.cancelRun(runId);
    const head = await rig.ended(runId, 120_000);

    expect(head.status).toBe("Canceled");
    expect(jobs(rig)).toEqual({ a: "canceled" });
  });

  test("that the service refuses is asked for again at each look, and the job's own end is taken", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 120_000 } });
    rig.compute.fault = (operation) => (operation === "cancel" ? { kind: "refused" } : undefined);
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(10_000);

    await rig.services.cancelRun(runId);
    const head = await rig.ended(runId);

    expect(head.status).toBe("Canceled");
    expect(await rig.statuses(runId)).toEqual({ a: "Completed", b: "Canceled" });
  });

  test("stops and waits for a step that a dying host had marked and started", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: LONG });
    const runId = await rig.submit(aGraph({ a: [] }));
    let isFirst = true;
    rig.interpose = async (call) => {
      if (call.name !== "advanceRun" || !isFirst) return await call.run();
      isFirst = false;
      // Wake flag, head, graph, progress, markers, environment, two of the claim, marking: nine calls; the tenth starts the step, and the host dies
      // before the eleventh.
      await call.runUntilCall(10);
      await rig.sleep(1000);
      await rig.services.cancelRun(runId);
      return await call.run();
    };

    const head = await rig.ended(runId, 60_000);

    expect(head.status).toBe("Canceled");
    expect(await rig.statuses(runId)).toEqual({ a: "Canceled" });
    const { state, endedAt } = [...rig.compute.ledger.values()][0] ?? {};
    expect(state?.status).toBe("canceled");
    expect(endedAt).toBeLessThanOrEqual(Date.parse(head.endedAt ?? ""));
  });
});
