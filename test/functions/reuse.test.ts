import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { SubmitRunRequest } from "../../shared/api/requests.ts";
import { PipelineGraph } from "../../shared/domain/pipeline-graph.ts";
import { chain, fan } from "../support/graphs.ts";
import { aUser, RunRig } from "../support/run-rig.ts";

/** prepare → train → report, by data; `train` has a parameter, and `aside` hangs on nothing. */
function training(more: { train?: Record<string, unknown>; prepare?: Record<string, unknown> } = {}): PipelineGraph {
  return PipelineGraph.parse({
    parameters: { rate: { type: "float", default: 0.1 } },
    steps: [
      {
        type: "CommandStep",
        key: "prepare",
        command: ["prepare"],
        inputs: { raw: { source: { datastore: "workspaceblobstore", path: "raw" } } },
        outputs: { clean: {} },
        ...more.prepare,
      },
      {
        type: "CommandStep",
        key: "train",
        command: ["train ", { parameter: "rate" }],
        parameters: { rate: { source: "rate" } },
        inputs: { clean: { source: { step: "prepare", output: "clean" } } },
        outputs: { model: {} },
        ...more.train,
      },
      { type: "CommandStep", key: "report", command: ["report"], inputs: { model: { source: { step: "train", output: "model" } } } },
      { type: "CommandStep", key: "aside", command: ["aside"] },
    ],
  });
}

/** A rig whose jobs write a file into each of their outputs when they complete. */
async function aRig(): Promise<RunRig> {
  const rig = await RunRig.open();
  await write(rig, "raw/a.csv", "1");
  const { compute } = rig;
  compute.execute = ({ request }) => {
    for (const { uri } of Object.values(request.outputs)) {
      mkdirSync(fileURLToPath(uri), { recursive: true });
      writeFileSync(join(fileURLToPath(uri), "part"), "x");
    }
    compute.tell(request.key, "completed");
  };
  compute.plan = () => ({ ends: "never", afterMs: 0 });
  return rig;
}
async function write(rig: RunRig, path: string, text: string): Promise<void> {
  await rig.blobs.write({ datastore: "workspaceblobstore", path }, Buffer.from(text));
}

/** Keys of the steps that ran, and of those that were reused. */
async function ways(rig: RunRig, runId: string): Promise<{ ran: string[]; reused: string[] }> {
  const { steps } = await rig.services.listSteps(runId, { waitSeconds: 0 });
  const keys = (isReused: boolean) => steps.filter(({ reusedFrom }) => (reusedFrom !== undefined) === isReused).map(({ key }) => key);
  return { ran: keys(false), reused: keys(true) };
}
async function settled(rig: RunRig, graph: PipelineGraph, more: Parameters<RunRig["submit"]>[1] = {}): Promise<string> {
  const runId = await rig.submit(graph, more);
  await rig.ended(runId);
  return runId;
}
/** In the order of a run: dependencies first. */
const ALL = ["prepare", "aside", "train", "report"];

describe("a run of steps that have run before", () => {
  test("takes their results, submits no job, and is Completed", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());
    const jobs = rig.compute.ledger.size;

    const second = await settled(rig, training());

    expect((await rig.head(second)).status).toBe("Completed");
    expect(await ways(rig, second)).toEqual({ ran: [], reused: ALL });
    expect(rig.compute.ledger.size).toBe(jobs);
    const { steps } = await rig.services.listSteps(second, { waitSeconds: 0 });
    expect(steps.find(({ key }) => key === "train")).toMatchObject({
      status: "Completed",
      attempt: 1,
      reusedFrom: { runId: first, stepRunId: await rig.stepRunId(first, "train") },
    });
  });

  test("shows v1's properties on a reused step, and the first run's outputs", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());
    const second = await settled(rig, training());
    const third = await settled(rig, training());
    const [original, reused] = [await rig.stepRunId(first, "train"), await rig.stepRunId(third, "train")];

    const step = await rig.services.getRun(aUser, reused, { waitSeconds: 0 });
    const { outputs } = await rig.services.listOutputs(aUser, third, undefined);

    expect(step).toMatchObject({ kind: "stepRun", status: "Completed", parentRunId: third });
    expect(step.properties).toMatchObject({
      "azureml.isreused": "true",
      "azureml.reusedrunid": original,
      "azureml.reusedpipelinerunid": first,
    });
    expect(outputs.find((output) => output.step === "train")).toMatchObject({
      runId: reused,
      path: `azureml/${original}/model`,
      files: [{ path: "part" }],
    });
    expect(second).not.toBe(third);
  });

  test("runs what a changed value reaches, and nothing else", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());

    const second = await settled(rig, training(), { parameters: { rate: 0.2 } });

    expect(await ways(rig, second)).toEqual({ ran: ["train", "report"], reused: ["prepare", "aside"] });
    const job = rig.compute.ledger.get(`${await rig.stepRunId(second, "train")}_1`);
    expect(JSON.stringify(job?.request.inputs["clean"])).toContain(`azureml/${await rig.stepRunId(first, "prepare")}/clean`);
  });

  test("runs what reads data that was changed in place", async () => {
    await using rig = await aRig();
    await settled(rig, training());
    await write(rig, "raw/b.csv", "2");

    const second = await settled(rig, training());

    expect(await ways(rig, second)).toEqual({ ran: ["prepare", "train", "report"], reused: ["aside"] });
  });

  test("runs a step whose author does not allow reuse, and what takes its output", async () => {
    await using rig = await aRig();
    const graph = training({ train: { allowReuse: false } });
    await settled(rig, graph);

    const second = await settled(rig, graph);

    expect(await ways(rig, second)).toEqual({ ran: ["train", "report"], reused: ["prepare", "aside"] });
  });

  test("runs everything where new results are asked for, and the next run takes those", async () => {
    await using rig = await aRig();
    await settled(rig, training());

    const anew = await settled(rig, training(), { regenerateOutputs: true });
    const later = await settled(rig, training());

    expect(await ways(rig, anew)).toEqual({ ran: ALL, reused: [] });
    expect(await ways(rig, later)).toEqual({ ran: [], reused: ALL });
    const { steps } = await rig.services.listSteps(later, { waitSeconds: 0 });
    expect(new Set(steps.map(({ reusedFrom }) => reusedFrom?.runId))).toEqual(new Set([anew]));
  });

  test("takes what had completed in a run that failed", async () => {
    await using rig = await aRig();
    const { execute } = rig.compute;
    rig.compute.execute = (job) => (job.request.displayName === "train" ? rig.compute.tell(job.request.key, "failed") : execute(job));
    await settled(rig, training(), { continueOnStepFailure: true });
    rig.compute.execute = execute;

    const second = await settled(rig, training());

    expect(await ways(rig, second)).toEqual({ ran: ["train", "report"], reused: ["prepare", "aside"] });
  });

  test("runs a step anew whose results are gone", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());
    await rig.blobs.delete({ datastore: "workspaceblobstore", path: `azureml/${await rig.stepRunId(first, "train")}/model/part` });

    const second = await settled(rig, training());
    const third = await settled(rig, training());

    expect(await ways(rig, second)).toEqual({ ran: ["train", "report"], reused: ["prepare", "aside"] });
    expect(await ways(rig, third)).toEqual({ ran: [], reused: ALL });
  });

  test("does not take results of its own: steps that are alike all run", async () => {
    await using rig = await RunRig.open();

    const runId = await settled(rig, fan(5));

    expect(await ways(rig, runId)).toMatchObject({ reused: [] });
    expect(rig.compute.ledger.size).toBe(7);
  });

  test("settles a long chain and a wide fan in a few looks, with a tenth of a write for a step at the most", async () => {
    await using rig = await RunRig.open();
    for (const graph of [chain(300), fan(600)]) {
      const unique = { ...graph, steps: graph.steps.map((step) => ({ ...step, version: step.key })) };
      await settled(rig, unique);
      rig.documents.calls.length = 0;
      rig.counts.activities["advanceRun"] = 0;

      const second = await settled(rig, unique);

      const { steps } = await rig.services.listSteps(second, { waitSeconds: 0 });
      expect(steps.every(({ reusedFrom }) => reusedFrom !== undefined)).toBe(true);
      expect(rig.counts.activities["advanceRun"]).toBeLessThanOrEqual(3);
      expect(rig.documents.writesOf(/./).length).toBeLessThanOrEqual(graph.steps.length / 10);
    }
  });
});

describe("a forecast", () => {
  const forecast = async (rig: RunRig, graph: PipelineGraph, more: Record<string, unknown> = {}) => {
    const request = SubmitRunRequest.parse({ experimentName: "rig", pipeline: graph, ...more });
    const { steps, counts } = await rig.services.forecastRun(request);
    return { counts, ways: Object.fromEntries(steps.map(({ key, way }) => [key, way])) };
  };

  test("says of steps that have never run that they will, and stores nothing", async () => {
    await using rig = await aRig();
    rig.documents.calls.length = 0;

    const { ways: told, counts } = await forecast(rig, training());

    expect(told).toEqual({
      prepare: { kind: "run", because: { reason: "never-completed" } },
      train: { kind: "run", because: { reason: "upstream", step: "prepare" } },
      report: { kind: "run", because: { reason: "upstream", step: "train" } },
      aside: { kind: "run", because: { reason: "never-completed" } },
    });
    expect(counts).toEqual({ reuse: 0, wait: 0, run: 4 });
    expect(rig.documents.writesOf(/./)).toEqual([]);
  });

  test("names the runs whose results are taken, and is what then happens", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());
    await settled(rig, training());

    const { ways: told } = await forecast(rig, training());

    expect(told["train"]).toEqual({ kind: "reuse", from: { runId: first, stepRunId: await rig.stepRunId(first, "train") } });
    expect(await ways(rig, await settled(rig, training()))).toEqual({ ran: [], reused: ALL });
  });

  test("shows what differs from the nearest earlier run, also where that one had reused the step", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());
    await settled(rig, training());

    const { ways: told } = await forecast(rig, training(), { parameters: { rate: 0.5 } });

    expect(told["train"]).toEqual({
      kind: "run",
      because: {
        reason: "changed",
        runId: first,
        stepRunId: await rig.stepRunId(first, "train"),
        changes: [
          { part: "command 2", before: 'parameter rate = "0.1"', after: 'parameter rate = "0.5"' },
          { part: "parameter rate", before: "0.1", after: "0.5" },
        ],
      },
    });
    expect(told["report"]).toEqual({ kind: "run", because: { reason: "upstream", step: "train" } });
  });

  test("tells results that are gone, steps that may not be reused, and data that is not there", async () => {
    await using rig = await aRig();
    const first = await settled(rig, training());
    await rig.blobs.delete({ datastore: "workspaceblobstore", path: `azureml/${await rig.stepRunId(first, "prepare")}/clean/part` });

    const gone = await forecast(rig, training());
    const denied = await forecast(rig, training({ prepare: { allowReuse: false } }));
    const anew = await forecast(rig, training(), { regenerateOutputs: true });
    const absent = await forecast(
      rig,
      training({ prepare: { inputs: { raw: { source: { datastore: "workspaceblobstore", path: "elsewhere" } } } } }),
    );

    expect(gone.ways["prepare"]).toEqual({ kind: "run", because: { reason: "outputs-gone", runId: first, output: "clean" } });
    expect(denied.ways["prepare"]).toEqual({ kind: "run", because: { reason: "not-allowed" } });
    expect(anew.ways["aside"]).toEqual({ kind: "run", because: { reason: "regenerate" } });
    expect(absent.ways["prepare"]).toEqual({
      kind: "run",
      because: { reason: "unknown-input", input: "raw", cause: "there is nothing at elsewhere yet" },
    });
  });

  test("tells a step that another run is doing", async () => {
    await using rig = await RunRig.open();
    rig.plans({ s0: { ends: "never" } });
    const first = await rig.submit(chain(1));
    await rig.pass(5_000);

    const { ways: told } = await forecast(rig, chain(1));

    expect(told["s0"]).toEqual({ kind: "wait", from: { runId: first, stepRunId: await rig.stepRunId(first, "s0") } });
  });

  test("refuses what a submit would refuse", async () => {
    await using rig = await RunRig.open();

    await expect(forecast(rig, chain(1), { parameters: { rate: 1 } })).rejects.toMatchObject({
      problem: { kind: "invalid-pipeline", errors: [{ pointer: "/parameters/rate" }] },
    });
  });
});

describe("two runs that need the same step at once", () => {
  test("run it once, and the second goes on when it has ended", async () => {
    await using rig = await RunRig.open();
    rig.plans({ s0: { ends: "completed", afterMs: 20_000 } });
    const first = await rig.submit(chain(2));
    await rig.pass(5_000);

    const second = await rig.submit(chain(2));
    const head = await rig.ended(second);

    expect(head.status).toBe("Completed");
    expect((await rig.ended(first)).status).toBe("Completed");
    expect(await ways(rig, second)).toEqual({ ran: [], reused: ["s0", "s1"] });
    expect(rig.compute.ledger.size).toBe(2);
    expect(Date.parse(head.endedAt ?? "")).toBeLessThan(Date.parse((await rig.head(first)).createdAt) + 40_000);
  });

  test("each run it where the first does not complete it", async () => {
    await using rig = await RunRig.open();
    let jobs = 0;
    rig.compute.plan = () => ({ ends: jobs++ === 0 ? "failed" : "completed", afterMs: 20_000 });
    const first = await rig.submit(chain(1));
    await rig.pass(5_000);
    const second = await rig.submit(chain(1));
    await rig.pass(5_000);
    const third = await rig.submit(chain(1));

    expect((await rig.ended(first)).status).toBe("Failed");
    expect((await rig.ended(second)).status).toBe("Completed");
    expect((await rig.ended(third)).status).toBe("Completed");
    expect(rig.compute.ledger.size).toBe(2);
  });

  test("are told apart from one that was canceled before it began", async () => {
    await using rig = await RunRig.open();
    rig.compute.fault = (operation) => (operation === "submit" ? { kind: "busy", retryAfterSeconds: 30 } : undefined);
    const first = await rig.submit(chain(1));
    await rig.pass(5_000);
    const second = await rig.submit(chain(1));
    await rig.pass(5_000);
    await rig.services.cancelRun(first);
    rig.compute.fault = () => undefined;

    expect((await rig.ended(first)).status).toBe("Canceled");
    expect((await rig.ended(second)).status).toBe("Completed");
    expect(await ways(rig, second)).toEqual({ ran: ["s0"], reused: [] });
  });
});

describe("a host that dies while it settles steps by reuse", () => {
  test("comes to the same end, wherever it dies", async () => {
    let cameThrough = false;
    for (let calls = 1; !cameThrough; calls++) {
      await using rig = await RunRig.open();
      await settled(rig, chain(3));
      let died = false;
      rig.interpose = async (call) => {
        if (call.name !== "advanceRun" || died) return await call.run();
        died = true;
        cameThrough = !(await call.runUntilCall(calls));
        return await call.run();
      };

      const second = await rig.submit(chain(3));
      const head = await rig.ended(second);

      expect(head.status, `died at call ${calls}`).toBe("Completed");
      expect((await ways(rig, second)).reused, `died at call ${calls}`).toEqual(["s0", "s1", "s2"]);
      expect(rig.compute.ledger.size).toBe(3);
    }
  });
});
