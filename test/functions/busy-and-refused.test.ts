import { describe, expect, test } from "vitest";
import { aGraph, diamond } from "../support/graphs.ts";
import { randomFrom } from "../support/random.ts";
import { busy, RunRig } from "../support/run-rig.ts";

const MINUTE_MS = 60_000;

describe("a store that is busy", () => {
  test("at any one call costs seconds and nothing else", async () => {
    for (let at = 1; ; at++) {
      await using rig = await RunRig.open();
      const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
      let call = 0;
      rig.documents.before = () => {
        if (++call === at) throw busy();
      };

      const head = await rig.ended(runId, 2 * MINUTE_MS);

      expect(head.status, `call ${at}`).toBe("Completed");
      expect(rig.startedJobs()).toEqual(["a", "b"]);
      expect(
        rig.logged.filter(({ level }) => level === "error"),
        `call ${at}`,
      ).toEqual([]);
      if (call < at) {
        expect(at).toBeGreaterThan(50);
        return;
      }
    }
  });

  test.each([1, 2, 3, 4, 5])("at many calls, also after writes that it had done, leads to the same end (seed %i)", async (seed) => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond());
    const random = randomFrom(seed);
    rig.documents.before = () => {
      if (random() < 1 / 7) throw busy();
    };
    rig.documents.after = ({ wrote }) => {
      if (wrote && random() < 1 / 5) throw busy();
    };

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs().sort()).toEqual(["a", "b", "c", "d"]);
    expect(rig.documents.writesOf(/settled:/)).toHaveLength(4);
  });

  test("for an hour is waited for", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(diamond());
    await rig.pass(1500);
    const until = rig.clock.now() + 60 * MINUTE_MS;
    rig.documents.before = () => {
      if (rig.clock.now() < until) throw busy();
    };

    const head = await rig.ended(runId, 70 * MINUTE_MS);

    expect(head.status).toBe("Completed");
  });
});

describe("a host that cannot be reached by the durable client", () => {
  test("at any one call costs a minute at the most", async () => {
    for (let at = 1; ; at++) {
      await using rig = await RunRig.open();
      const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
      let call = 0;
      rig.beforeClient = () => {
        if (++call === at) throw new Error("connect ECONNREFUSED 127.0.0.1:40404");
      };

      const head = await rig.ended(runId, 2 * MINUTE_MS);

      expect(head.status, `call ${at}`).toBe("Completed");
      expect(rig.startedJobs()).toEqual(["a", "b"]);
      if (call < at) {
        expect(at).toBeGreaterThan(5);
        return;
      }
    }
  });
});

describe("a compute service", () => {
  test("that is busy is asked again when it said", async () => {
    await using rig = await RunRig.open();
    const asked: number[] = [];
    rig.compute.fault = (operation) => {
      if (operation !== "submit") return undefined;
      asked.push(rig.clock.now());
      return asked.length < 3 ? { kind: "busy", retryAfterSeconds: 37 } : undefined;
    };
    const runId = await rig.submit(aGraph({ a: [] }));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(asked.map((time) => time - (asked[0] ?? 0))).toEqual([0, 37_000, 74_000]);
  });

  test("that refuses a job fails the step with its reason", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }, { defaultCompute: "gone" }));

    const head = await rig.ended(runId);

    expect(head).toMatchObject({
      status: "Failed",
      failure: { code: "ComputeNotFound", step: "a", cause: 'step "a" failed: there is no compute gone' },
    });
    expect(await rig.statuses(runId)).toEqual({ a: "Failed", b: "Skipped" });
    expect(rig.startedJobs()).toEqual([]);
  });

  test.each([
    { takesEffect: true, submits: 2 },
    { takesEffect: false, submits: 1 },
  ])("that does not answer a submit (it took effect: $takesEffect) gets it again, and runs one job", async ({ takesEffect, submits }) => {
    await using rig = await RunRig.open();
    let silent = 0;
    rig.compute.fault = (operation) => (operation === "submit" && silent++ === 0 ? { kind: "silent", takesEffect } : undefined);
    const runId = await rig.submit(aGraph({ a: [] }));

    const head = await rig.ended(runId, 5 * MINUTE_MS);

    expect(head.status).toBe("Completed");
    expect([...rig.compute.ledger.values()]).toMatchObject([{ submits }]);
  });

  test("that never answers looks is asked on, and a cancel is not lost on it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    let isSilent = true;
    rig.compute.fault = (operation) => (operation === "observe" && isSilent ? { kind: "silent", takesEffect: false } : undefined);
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(60 * MINUTE_MS);
    await rig.services.cancelRun(runId);
    await rig.pass(10 * MINUTE_MS);
    isSilent = false;

    const head = await rig.ended(runId, 10 * MINUTE_MS);

    expect(head.status).toBe("Canceled");
  });

  test("that forgot a job fails the step after two minutes of grace", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(60 * MINUTE_MS);
    rig.compute.tell(await rig.jobId(runId, "a"), "lost");
    await rig.note(await rig.jobId(runId, "a"), "NotResponding");
    const begin = rig.clock.now();

    const head = await rig.ended(runId);

    expect(head).toMatchObject({ status: "Failed", failure: { code: "JobLost", step: "a" } });
    expect(Date.parse(head.endedAt ?? "") - begin).toBeGreaterThanOrEqual(2 * MINUTE_MS);
    expect(Date.parse(head.endedAt ?? "") - begin).toBeLessThan(3 * MINUTE_MS);
    expect([...rig.compute.ledger.values()]).toEqual([]);
  });

  test("whose reads miss an old job for a moment keeps it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(60 * MINUTE_MS);
    const jobId = await rig.jobId(runId, "a");
    rig.compute.tell(jobId, "lost");
    await rig.note(jobId, "NotResponding");
    await rig.pass(30_000);
    const job = rig.compute.lost.get(jobId);
    if (job) rig.compute.ledger.set(jobId, job);
    rig.compute.lost.clear();
    rig.compute.tell(jobId, "completed");

    const head = await rig.ended(runId, 10 * MINUTE_MS);

    expect(head.status).toBe("Completed");
    expect([...rig.compute.ledger.values()]).toMatchObject([{ submits: 1 }]);
  });

  test("whose reads lag behind its writes does not get a job twice", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 60_000, hiddenMs: 20_000 } });
    const runId = await rig.submit(aGraph({ a: [] }));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect([...rig.compute.ledger.values()]).toMatchObject([{ submits: 1 }]);
  });

  test("that says a job does not respond does not end it", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 60_000 } });
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(5000);
    await rig.note(await rig.jobId(runId, "a"), "NotResponding");

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
  });

  test("that refuses to show a job for ten minutes is borne with", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 5000 } });
    rig.compute.fault = (operation) => (operation === "observe" && rig.clock.now() < until ? { kind: "refused" } : undefined);
    const until = rig.clock.now() + 10 * MINUTE_MS;
    const runId = await rig.submit(aGraph({ a: [] }));

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
  });

  test("that refuses to show a job for good fails the step with its words, and the job is asked to end", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    rig.compute.fault = (operation) => (operation === "observe" ? { kind: "refused" } : undefined);
    const runId = await rig.submit(aGraph({ a: [] }));

    const head = await rig.ended(runId);
    await rig.pass(1000);

    expect(head).toMatchObject({
      status: "Failed",
      failure: { cause: expect.stringContaining("the service refuses to observe job"), remedy: expect.any(String) },
    });
    expect([...rig.compute.ledger.values()]).toMatchObject([{ state: { status: "canceled" } }]);
  });
});
