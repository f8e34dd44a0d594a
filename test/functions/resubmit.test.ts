import { describe, expect, test } from "vitest";
import { ResubmitRunRequest } from "../../shared/api/requests.ts";
import type { PipelineGraph } from "../../shared/domain/pipeline-graph.ts";
import { aGraph, chain, diamond } from "../support/graphs.ts";
import { aUser, RunRig } from "../support/run-rig.ts";

/** Nobody takes results of others by reuse: what is kept is kept by the resubmit. */
function alone(graph: PipelineGraph): PipelineGraph {
  return { ...graph, steps: graph.steps.map((step) => ({ ...step, allowReuse: false })) };
}
async function resubmit(rig: RunRig, runId: string, request: Record<string, unknown> = {}, idempotencyKey?: string): Promise<string> {
  const made = await rig.services.resubmitRun({ caller: aUser, runId, request: ResubmitRunRequest.parse(request), idempotencyKey });
  return made.runId;
}
/** Of a diamond a → {b, c} → d, a run in which `b` failed. */
async function halfDone(rig: RunRig): Promise<string> {
  rig.plans({ b: { ends: "failed" } });
  const runId = await rig.submit(alone(diamond()), { continueOnStepFailure: true, tags: { team: "x" } });
  await rig.ended(runId);
  rig.plans({});
  return runId;
}
const jobsOf = async (rig: RunRig, runId: string) => {
  const ids = new Set((await rig.runs.graph(runId))?.stepRunIds);
  return [...rig.compute.ledger.values()]
    .filter(({ request }) => ids.has(request.key.split("_")[0] as never))
    .map(({ request }) => request.displayName)
    .sort();
};

describe("a run that is resubmitted", () => {
  test("runs what had not completed, and keeps the rest with the first run's results", async () => {
    await using rig = await RunRig.open();
    const first = await halfDone(rig);

    const second = await resubmit(rig, first, { tags: { again: "yes" } });
    const head = await rig.ended(second);

    expect(head).toMatchObject({ status: "Completed", resubmittedFrom: first, experimentName: "rig", tags: { team: "x", again: "yes" } });
    expect(await jobsOf(rig, second)).toEqual(["b", "d"]);
    expect((await rig.steps(second))["a"]).toMatchObject({
      status: "Completed",
      reusedFrom: { runId: first, stepRunId: await rig.stepRunId(first, "a") },
    });
  });

  test("runs chosen steps anew with all that comes behind them", async () => {
    await using rig = await RunRig.open();
    const first = await rig.submit(alone(chain(4)));
    await rig.ended(first);

    const second = await resubmit(rig, first, { steps: ["s1"] });

    expect((await rig.ended(second)).status).toBe("Completed");
    expect(await jobsOf(rig, second)).toEqual(["s1", "s2", "s3"]);
  });

  test("may be resubmitted again, and keeps what the first of them has done", async () => {
    await using rig = await RunRig.open();
    const first = await halfDone(rig);
    rig.plans({ d: { ends: "failed" } });
    const second = await resubmit(rig, first);
    await rig.ended(second);
    rig.plans({});

    const third = await resubmit(rig, second);

    expect((await rig.ended(third)).status).toBe("Completed");
    expect(await jobsOf(rig, third)).toEqual(["d"]);
    expect((await rig.steps(third))["a"]?.reusedFrom).toEqual({ runId: first, stepRunId: await rig.stepRunId(first, "a") });
    expect((await rig.steps(third))["b"]?.reusedFrom).toEqual({ runId: second, stepRunId: await rig.stepRunId(second, "b") });
  });

  test("has the first run's values but for those given now, and warns of kept steps that read one of those", async () => {
    await using rig = await RunRig.open();
    const parameters = { rate: { type: "float", default: 1 }, seed: { type: "int", default: 1 } };
    const graph = alone(aGraph({ a: [], b: ["a"] }, { parameters }));
    const steps = graph.steps.map((step) => ({ ...step, parameters: { rate: { source: "rate" } } }));
    rig.plans({ b: { ends: "failed" } });
    const first = await rig.submit({ ...graph, steps } as PipelineGraph, { parameters: { seed: 7 } });
    await rig.ended(first);
    rig.plans({});

    const second = await rig.ended(await resubmit(rig, first, { parameters: { rate: 2 } }));

    expect(second.parameters).toEqual({ rate: { value: 2, origin: "resubmit" }, seed: { value: 7, origin: "submit" } });
    expect(second.warnings).toEqual(['step "a" was kept as it had completed, although it reads rate: name it in `steps` to run it anew']);
    expect(second.status).toBe("Completed");
  });

  test("is one run for one idempotency key", async () => {
    await using rig = await RunRig.open();
    const first = await halfDone(rig);

    const made = [await resubmit(rig, first, {}, "k"), await resubmit(rig, first, {}, "k")];

    expect(made[0]).toBe(made[1]);
    await expect(resubmit(rig, first, { steps: ["c"] }, "k")).rejects.toMatchObject({ problem: { kind: "idempotency-conflict" } });
    expect((await rig.ended(made[0] ?? "")).status).toBe("Completed");
  });

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ["a step that it has not", { steps: ["a", "z"] }, "invalid-request", /\/steps: the run has no step "z"/],
    ["a parameter that it does not declare", { parameters: { z: 1 } }, "invalid-pipeline", /declares no parameter "z"/],
  ])("is refused for %s", async (_, request, kind, text) => {
    await using rig = await RunRig.open();
    const first = await halfDone(rig);

    await expect(resubmit(rig, first, request)).rejects.toMatchObject({ problem: { kind }, message: expect.stringMatching(text) });
  });

  test("is refused while it goes on, when nothing is left to run, and when there is no such run", async () => {
    await using rig = await RunRig.open();
    rig.plans({ s0: { ends: "never" } });
    const running = await rig.submit(alone(chain(1)));
    await rig.pass(5_000);
    rig.plans({});
    const done = await rig.submit(alone(diamond()));
    await rig.ended(done);

    await expect(resubmit(rig, running)).rejects.toMatchObject({
      problem: { kind: "conflict", remedy: expect.stringContaining("cancel") },
    });
    await expect(resubmit(rig, done)).rejects.toMatchObject({
      problem: { kind: "conflict", message: expect.stringContaining("nothing to run again") },
    });
    await expect(resubmit(rig, "01980000-0000-7000-8000-00000000ffff")).rejects.toMatchObject({ problem: { kind: "not-found" } });
  });
});
