import { describe, expect, test } from "vitest";
import { RunId } from "../../shared/domain/ids.ts";
import type { StepPrincipal } from "../../shared/ports/callers.ts";
import { aGraph, chain, diamond, fan, layers, numbered } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

function asStep(stepRunId: string, runId: string): StepPrincipal {
  const id = RunId.parse(stepRunId);
  return { kind: "step", objectId: id, tenantId: "tenant", roles: [], stepRunId: id, runId: RunId.parse(runId) };
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
    expect(rig.startedJobs()).toEqual(["first", ...numbered("m", 50), "last"]);
  });

  test("asks the service for all of a job's end at once when an event says that it has ended", async () => {
    await using rig = await RunRig.open();
    const told: unknown[] = [];
    rig.interpose = (call) => {
      if (call.name === "settleStep") told.push(call.input["told"]);
      return call.run();
    };

    const head = await rig.ended(await rig.submit(chain(2)));

    expect(head.status).toBe("Completed");
    expect(told).toEqual([true, true]);
  });

  test("begins a fresh history again and again, and loses nothing by it", async () => {
    await using rig = await RunRig.open();
    const executions = new Set<string>();
    const runId = await rig.submit(chain(230));
    rig.interpose = (call) => {
      if (call.name === "advanceRun") executions.add(rig.instance(runId)?.execution ?? "");
      return call.run();
    };

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(executions.size).toBe(21); // twelve looks each
  });

  test("a step that is looked at a hundred times begins a fresh history too", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "completed", afterMs: 1_000_000 } });
    const runId = await rig.submit(aGraph({ a: [] }));
    const [jobId, stepRunId] = [await rig.jobId(runId, "a"), await rig.stepRunId(runId, "a")];
    await rig.pass(100);
    const before = rig.instance(stepRunId)?.execution;

    for (let n = 0; n < 120; n++) {
      await rig.note(jobId, "NotResponding");
      await rig.pass(100);
    }

    expect(rig.instance(stepRunId)).toMatchObject({ status: "Running" });
    expect(rig.instance(stepRunId)?.execution).not.toBe(before);
    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
  });
});

describe("a run of five hundred steps in layers", () => {
  test("ends, and costs what the design says it does", async () => {
    await using rig = await RunRig.open();
    rig.compute.plan = ({ displayName }) => ({
      ends: "completed",
      afterMs: 1000 + ((displayName.length * 7919 + displayName.charCodeAt(3) * 31) % 4000),
    });
    const runId = await rig.submit(layers(10, 50));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.startedJobs()).toHaveLength(500);
    const { episodes, activities } = rig.counts;
    const all = Object.values(activities).reduce((sum, count) => sum + count, 0);
    expect(episodes / 500).toBeLessThan(6.2);
    expect(all / 500).toBeLessThan(3.1);
    expect((activities["advanceRun"] ?? 0) / 500).toBeLessThan(1.1);
  });
});

describe("a step that fails", () => {
  test("fails its run, ends what runs beside it and skips what never ran", async () => {
    await using rig = await RunRig.open();
    rig.plans({ bad: { ends: "failed" }, slow: { ends: "completed", afterMs: 3_600_000 } });
    const runId = await rig.submit(aGraph({ bad: [], slow: [], after: ["slow"], behind: ["bad"] }));

    const head = await rig.ended(runId, 60_000);

    expect(await rig.statuses(runId)).toEqual({ bad: "Failed", slow: "Canceled", after: "Skipped", behind: "Skipped" });
    expect(head).toMatchObject({
      status: "Failed",
      failure: {
        step: "bad",
        stepRunId: await rig.stepRunId(runId, "bad"),
        exitCode: 1,
        cause: expect.stringContaining('step "bad" failed: the command'),
      },
    });
    expect(rig.startedJobs()).toEqual(["bad", "slow"]);
  });

  test("stops only what is behind it where the run goes on all the same", async () => {
    await using rig = await RunRig.open();
    rig.plans({ bad: { ends: "failed" } });
    const runId = await rig.submit(aGraph({ bad: [], other: [], behind: ["bad"], far: ["behind", "other"], next: ["other"] }), {
      continueOnStepFailure: true,
    });

    const head = await rig.ended(runId);

    expect(await rig.statuses(runId)).toEqual({ bad: "Failed", other: "Completed", behind: "Skipped", far: "Skipped", next: "Completed" });
    expect(head).toMatchObject({ status: "Failed", failure: { step: "bad" } });
  });

  test("counts as failed where its job was canceled by somebody else", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "canceled" } });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));

    const head = await rig.ended(runId);

    expect(await rig.steps(runId)).toMatchObject({
      a: { status: "Canceled", failure: { code: "CanceledElsewhere" } },
      b: { status: "Skipped" },
    });
    expect(head).toMatchObject({ status: "Failed", failure: { step: "a", cause: expect.stringContaining("not by Penstock") } });
  });

  test.each([
    ["run.fail()", { status: "Failed", error: "the data is from last year" } as const, "Failed", "the data is from last year"],
    ["run.cancel()", { status: "Canceled" } as const, "Canceled", "the script called run.cancel()"],
  ])("may say so itself by %s although its process ended well", async (_call, said, status, cause) => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [], b: ["a"] }));
    await rig.pass(500);
    const stepRunId = await rig.stepRunId(runId, "a");
    await rig.services.endRun(asStep(stepRunId, runId), stepRunId, said);

    const head = await rig.ended(runId);

    expect(await rig.steps(runId)).toMatchObject({ a: { status, failure: { cause } }, b: { status: "Skipped" } });
    expect(head).toMatchObject({ status: "Failed", failure: { cause: expect.stringContaining(cause) } });
  });
});

describe("what the compute could not honour", () => {
  test("is named on the step and, once for all steps that had it, on the run", async () => {
    await using rig = await RunRig.open();
    const image = "the base image is not used on this machine";
    rig.plans({
      a: { warnings: [image, "conda packages are left out", image] },
      b: { warnings: [image] },
      c: { ends: "failed", warnings: ["odd"] },
    });
    const runId = await rig.submit(aGraph({ a: [], b: ["a"], c: ["b"] }), { warnings: ["pipes are not part of the snapshot"] });

    const head = await rig.ended(runId);

    expect(head.warnings).toEqual(["pipes are not part of the snapshot", `a, b: ${image}`, "a: conda packages are left out", "c: odd"]);
    expect(await rig.steps(runId)).toMatchObject({ a: { warnings: [image, "conda packages are left out"] }, b: { warnings: [image] } });
  });
});
