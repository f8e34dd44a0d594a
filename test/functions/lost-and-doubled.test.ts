import { describe, expect, test } from "vitest";
import { ClientOperations } from "../../local/host/durable/client-operations.ts";
import { PipelineRunInput } from "../../shared/domain/turns.ts";
import { aGraph, diamond, fan } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

const ENDS = new Set(["completed", "failed", "canceled"]);

describe("notices of a job's change", () => {
  test("may all be lost: the watchdog finds what they would have told", async () => {
    await using rig = await RunRig.open();
    rig.notices = () => [];
    const begin = rig.clock.now();
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(Date.parse(head.endedAt ?? "") - begin).toBeLessThanOrEqual(3 * 5000); // the first look is after 5 s
  });

  test("of a job that runs for hours may be lost: its end is found within five minutes", async () => {
    await using rig = await RunRig.open();
    rig.notices = () => [];
    rig.plans({ a: { ends: "completed", afterMs: 10 * 3_600_000 } });
    const begin = rig.clock.now();
    const runId = await rig.submit(aGraph({ a: [] }));

    const head = await rig.ended(runId, 11 * 3_600_000);

    expect(Date.parse(head.endedAt ?? "") - begin - 10 * 3_600_000).toBeLessThanOrEqual(300_000);
    expect(rig.counts.activities["settleStep"]).toBeLessThan(140);
  });

  test("may all come twice", async () => {
    await using rig = await RunRig.open();
    rig.notices = () => [0, 0];
    const runId = await rig.submit(fan(10));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toHaveLength(12);
  });

  test("may come before the submit has been answered", async () => {
    await using rig = await RunRig.open();
    rig.compute.fault = (operation) => (operation === "submit" ? { kind: "slow", ms: 4000 } : undefined);
    const begin = rig.clock.now();
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    // The notice was kept: nobody had to wait for the first look.
    expect(Date.parse(head.endedAt ?? "") - begin).toBe(3 * 4000);
  });

  test("may come long after the step has settled", async () => {
    await using rig = await RunRig.open();
    rig.notices = () => [20_000, 600_000];
    const runId = await rig.submit(diamond());
    const head = await rig.ended(runId);
    const statuses = await rig.statuses(runId);

    await rig.pass(3_600_000);

    expect(head.status).toBe("Completed");
    expect(await rig.head(runId)).toEqual(head);
    expect(await rig.statuses(runId)).toEqual(statuses);
  });

  test("of jobs of others, and of what is no step, change nothing", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond());

    await rig.note("someone-elses-job", "Completed");
    await rig.note(runId, "Completed");
    await rig.note(`${runId}_1`, "Completed");

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
  });

  test("say at once where a job stands, without a look at it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 60_000, stuckAs: "finalizing" } });
    const runId = await rig.submit(aGraph({ a: [] }));

    await rig.pass(10);

    expect(await rig.statuses(runId)).toEqual({ a: "Finalizing" });
    expect(rig.counts.activities["settleStep"]).toBeUndefined();
  });
});

describe("an activity that the host runs twice", () => {
  test.each(["one after the other", "at the same time"])("%s leads to the same end, and no second job", async (how) => {
    await using rig = await RunRig.open();
    rig.interpose = async (call) => {
      if (how === "at the same time") return (await Promise.all([call.run(), call.run()]))[0];
      await call.run();
      return await call.run();
    };
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toEqual(["a", "b", "c", "d"]);
    for (const { state } of rig.compute.ledger.values()) expect(state.status).toBe("completed");
    expect(rig.documents.writesOf(/settled:/)).toHaveLength(4);
  });

  test("of a run, where one call overtakes the other between reading and storing: the late one looks again and settles nothing", async () => {
    await using rig = await RunRig.open();
    const results: unknown[] = [];
    let isFirst = true;
    rig.documents.before = async ({ operation, sk, pk, by }) => {
      if (operation !== "replace" || sk !== "progress" || by === undefined || !isFirst) return;
      isFirst = false;
      await rig.services.advanceRun(PipelineRunInput.parse({ runId: pk }));
    };
    rig.interpose = async (call) => {
      const result = await call.run();
      if (call.name === "advanceRun") results.push(result);
      return result;
    };
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(results[0]).toMatchObject({ retryAfterSeconds: expect.any(Number) });
    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toEqual(["a", "b", "c", "d"]);
  });
});

describe("a host that dies in the middle of an activity", () => {
  /** The activity's first call dies after so many calls to store, host or compute, and runs again. Answers whether it had so many. */
  async function withCrash(activity: string, calls: number, isFailing: boolean): Promise<boolean> {
    await using rig = await RunRig.open();
    if (isFailing) rig.plans({ b: { ends: "failed" } });
    let died = false;
    let seen = 0;
    rig.interpose = async (call) => {
      // The second call of each kind: there is something to lose by then.
      if (call.name === activity && ++seen === 2) died = await call.runUntilCall(calls);
      return await call.run();
    };
    const begin = rig.clock.now();
    const runId = await rig.submit(diamond());

    const head = await rig.ended(runId);

    expect(head.status).toBe(isFailing ? "Failed" : "Completed");
    // A repeat tells again what the first may not have told: nobody waits for a watchdog.
    expect(Date.parse(head.endedAt ?? "") - begin, `${activity}, ${calls} calls`).toBeLessThan(5000);
    expect(new Set(rig.startedJobs()).size).toBe(rig.startedJobs().length);
    for (const { request, state } of rig.compute.ledger.values())
      expect(ENDS, `${activity}, ${calls} calls: job of ${request.displayName}`).toContain(state.status);
    const markers = rig.documents.writesOf(/settled:/);
    expect(markers).toHaveLength(Object.values(await rig.statuses(runId)).filter((status) => status !== "Skipped").length);
    return died;
  }

  test.each(["advanceRun", "beginStep", "settleStep"])("loses nothing and starts nothing twice, wherever %s dies", async (activity) => {
    for (const isFailing of [false, true]) {
      let calls = 0;
      while (await withCrash(activity, calls, isFailing)) calls++;

      expect(calls).toBeGreaterThan(5);
    }
  });

  test("between the job's start and its answer finds the job again", async () => {
    await using rig = await RunRig.open();
    let lost = 0;
    rig.compute.fault = (operation) => (operation === "submit" && lost++ === 0 ? { kind: "answerLost" } : undefined);
    const runId = await rig.submit(aGraph({ a: [] }));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect([...rig.compute.ledger.values()]).toMatchObject([{ submits: 2 }]);
  });
});

describe("a step whose start the store has lost", () => {
  /** Starts the orchestration of a step that the run's progress does not show as started. */
  const startUnmarked = async (rig: RunRig, runId: string, key: string, index: number) => {
    const stepRunId = await rig.stepRunId(runId, key);
    new ClientOperations(rig.engine).start("stepRun", stepRunId, JSON.stringify({ runId, stepRunId, index }));
  };

  test("waits until its run starts it again", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 30_000 } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(1000);

    await startUnmarked(rig, runId, "b", 1);
    await rig.pass(20_000);
    const early = rig.startedJobs();
    const head = await rig.ended(runId);

    expect(early).toEqual(["a"]);
    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toEqual(["a", "b"]);
  });

  test("ends without a trace when its run skips it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "failed", afterMs: 30_000 } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(1000);

    await startUnmarked(rig, runId, "b", 1);
    await rig.ended(runId);
    await rig.pass(60_000);

    expect(rig.startedJobs()).toEqual(["a"]);
    expect(await rig.statuses(runId)).toEqual({ a: "Failed", b: "Skipped" });
    expect(rig.instance(await rig.stepRunId(runId, "b"))?.status).toBe("Completed");
    expect(rig.documents.writesOf(/settled:/)).toHaveLength(1);
  });
});

describe("an orchestration that is gone", () => {
  test("of a step is started again by its run, which finds the same job", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 30_000 } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(10_000);

    await rig.purge(await rig.stepRunId(runId, "a"));
    const head = await rig.ended(runId, 300_000);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toEqual(["a", "b"]);
  });

  test("of a step is missed soon on a run that is never quiet", async () => {
    await using rig = await RunRig.open();
    const busy = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`n${n}`, n === 0 ? [] : [`n${n - 1}`]]));
    rig.compute.plan = () => ({ ends: "completed", afterMs: 20_000 });
    const begin = rig.clock.now();
    const runId = await rig.submit(aGraph({ a: [], b: ["a"], ...busy }));
    await rig.pass(10_000);

    await rig.purge(await rig.stepRunId(runId, "a"));
    await rig.ended(runId);

    const { b } = await rig.steps(runId);
    expect(Date.parse(b?.startedAt ?? "") - begin).toBeLessThan(150_000);
  });

  test("of a step whose job has ended meanwhile leaves its job to count, whatever became of what it was made from", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 30_000 } });
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(10_000);
    await rig.purge(await rig.stepRunId(runId, "a"));
    rig.compute.fault = (operation) => (operation === "submit" ? { kind: "refused", code: "ComputeNotFound" } : undefined);

    const head = await rig.ended(runId, 300_000);

    expect(head.status).toBe("Completed");
  });

  test("of a run is started again by the reconciler", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 30_000 } });
    const runId = await rig.submit(diamond());
    await rig.pass(10_000);
    await rig.purge(runId);
    await rig.pass(60_000);
    expect((await rig.head(runId)).settled).toBe(false);

    await rig.reconcile();

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
    expect(rig.startedJobs()).toEqual(["a", "b", "c", "d"]);
  });

  test("of a run that cannot be started keeps no other run waiting", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 30_000 } });
    const [first, second] = [await rig.submit(diamond()), await rig.submit(diamond())];
    await rig.pass(10_000);
    for (const runId of [first, second]) await rig.purge(runId);
    rig.beforeClient = (operation, instanceId) => {
      if (operation === "start" && instanceId === second) throw new Error("the host is out of reach");
    };

    await rig.reconcile();

    expect(await rig.ended(first)).toMatchObject({ status: "Completed" });
  });

  test("of a run that ended is not started again by asking for the same submit", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond(), { idempotencyKey: "k" });
    await rig.ended(runId);
    await rig.pass(1000);
    const { episodes } = rig.counts;

    const again = await rig.submit(diamond(), { idempotencyKey: "k" });
    await rig.pass(1000);

    expect(again).toBe(runId);
    expect(rig.counts.episodes).toBe(episodes);
  });
});

describe("a settled step that nobody heard of", () => {
  test("is found where its host died before it left a marker, and its marker is left then", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    const stepRunId = await rig.stepRunId(runId, "a");
    let died = false;
    rig.interpose = async (call) => {
      if (call.name !== "settleStep" || died) return await call.run();
      died = true;
      // Head, progress, step run, job, record; the sixth call stores the outcome, and the host never comes back. (The graph is in memory.)
      await call.runUntilCall(6);
      await rig.sleep(3_600_000);
      return await call.run();
    };
    await rig.pass(5000);
    expect((await rig.runs.stepRun(stepRunId))?.value.status).toBe("Completed");
    expect(await rig.runs.settledAfter(runId, "")).toEqual([]);

    const head = await rig.ended(runId, 180_000);

    expect(head.status).toBe("Completed");
    expect(await rig.steps(runId)).toMatchObject({ a: { status: "Completed", attempt: 1, endedAt: expect.any(String) } });
  });

  test("is heard although the clock was ahead for an hour and was put right", async () => {
    await using ahead = await RunRig.open();
    const runId = await ahead.submit(aGraph({ a: [], b: ["a"], c: ["b"], d: ["c"] }));
    await ahead.pass(1500);
    const progress = await ahead.runs.progress(runId);
    if (!progress) throw new Error("no progress");
    // As if the marker had been written by a clock that was an hour ahead.
    const hour = (Number.parseInt(progress.value.lastMarker.replaceAll("-", "").slice(0, 12), 16) + 3_600_000)
      .toString(16)
      .padStart(12, "0");
    const lastMarker = `${hour.slice(0, 8)}-${hour.slice(8)}${progress.value.lastMarker.slice(13)}`;
    await ahead.runs.replaceProgress({ ...progress.value, lastMarker }, progress.etag);
    const begin = ahead.clock.now();

    const head = await ahead.ended(runId);

    expect(Date.parse(head.endedAt ?? "") - begin).toBeLessThan(10_000);
  });
});
