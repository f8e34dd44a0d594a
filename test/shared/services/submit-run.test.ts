import { describe, expect, test } from "vitest";
import { SubmitRunRequest } from "../../../shared/api/requests.ts";
import { PipelineGraph } from "../../../shared/domain/pipeline-graph.ts";
import type { Principal } from "../../../shared/ports/callers.ts";
import { aGraph, diamond } from "../../support/graphs.ts";
import { aUser, RunRig } from "../../support/run-rig.ts";

/** Graphs that no server takes, each with what is said of it. */
const refused: [string, () => PipelineGraph, RegExp][] = [
  ["a cycle", () => aGraph({ a: ["b"], b: ["a"] }), /wait|cycle/],
  ["a dependency on nobody", () => aGraph({ a: ["nobody"] }), /nobody/],
  ["a compute that is not there", () => aGraph({ a: [] }, { defaultCompute: "nowhere" }), /no compute "nowhere".*/],
  [
    "a snapshot that was never uploaded",
    () => PipelineGraph.parse({ steps: [{ type: "PythonScriptStep", key: "a", snapshotId: "a".repeat(64), scriptName: "a.py" }] }),
    /no snapshot/,
  ],
  [
    "an input from a datastore that is not there",
    () =>
      PipelineGraph.parse({
        steps: [{ type: "CommandStep", key: "a", command: ["true"], inputs: { data: { source: { datastore: "nowhere", path: "x" } } } }],
      }),
    /no datastore "nowhere"/,
  ],
  ["a target that is no step", () => aGraph({ a: [] }, { targets: ["nobody"] }), /nobody/],
];

describe("submitRun", () => {
  test.each(refused)("refuses %s and stores nothing", async (_what, graph, text) => {
    await using rig = await RunRig.open();

    const answer = rig.submit(graph(), { idempotencyKey: "k" });

    await expect(answer).rejects.toThrow(text);
    await rig.pass(60_000);
    expect(rig.documents.writesOf(/./)).toEqual([]);
    expect(rig.counts.episodes).toBe(0);
  });

  test("refuses a parameter nobody declared together with everything else that is wrong", async () => {
    await using rig = await RunRig.open();

    const answer = rig.submit(aGraph({ a: ["nobody"] }), { parameters: { rate: 1 } });

    await expect(answer).rejects.toMatchObject({
      problem: {
        kind: "invalid-pipeline",
        errors: [{ pointer: "/parameters/rate" }, { pointer: expect.stringContaining("/pipeline/steps/0") }],
      },
    });
    expect(rig.documents.writesOf(/./)).toEqual([]);
  });

  test("finds the run of the first time for the same key and request, also at the same time", async () => {
    await using rig = await RunRig.open();

    const ids = await Promise.all([1, 2, 3].map(() => rig.submit(diamond(), { idempotencyKey: "k" })));
    const later = await rig.submit(diamond(), { idempotencyKey: "k" });

    expect(new Set([...ids, later]).size).toBe(1);
    expect((await rig.runs.list({}, { limit: 10 })).items).toHaveLength(1);
    expect(await rig.ended(later)).toMatchObject({ status: "Completed" });
    expect(rig.startedJobs()).toEqual(["a", "b", "c", "d"]);
  });

  test("refuses the same key with another request, and keeps keys of different callers apart", async () => {
    await using rig = await RunRig.open();
    const first = await rig.submit(diamond(), { idempotencyKey: "k" });
    const other: Principal = { ...aUser, objectId: "bob" } as Principal;

    await expect(rig.submit(aGraph({ a: [] }), { idempotencyKey: "k" })).rejects.toMatchObject({
      problem: { kind: "idempotency-conflict", key: "k" },
    });
    const { runId } = await rig.services.submitRun({
      caller: other,
      request: SubmitRunRequest.parse({ experimentName: "rig", pipeline: aGraph({ a: [] }) }),
      idempotencyKey: "k",
    });

    expect(runId).not.toBe(first);
  });

  test("leaves a key free whose request was too large to be kept", async () => {
    await using rig = await RunRig.open();
    const tags = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`t${i}`, "x".repeat(8000)]));

    await expect(rig.submit(diamond(), { idempotencyKey: "k", tags })).rejects.toMatchObject({ kind: "too-large" });
    expect(rig.documents.writesOf(/./)).toEqual([]);
    const runId = await rig.submit(diamond(), { idempotencyKey: "k" });

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
    expect(await rig.submit(diamond(), { idempotencyKey: "k" })).toBe(runId);
  });

  test("answers although the host could not start the run: it is stored, and the reconciler starts it", async () => {
    await using rig = await RunRig.open();
    rig.beforeClient = () => {
      throw new Error("connection refused");
    };
    const runId = await rig.submit(diamond());
    rig.beforeClient = () => {};
    await rig.pass(60_000);
    expect((await rig.head(runId)).status).toBe("NotStarted");

    await rig.reconcile();

    expect(await rig.ended(runId)).toMatchObject({ status: "Completed" });
  });

  test("runs the closure of its targets and nothing else", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(aGraph({ a: [], b: ["a"], c: ["b"], d: [] }, { targets: ["b"] }));

    await rig.ended(runId);

    expect(await rig.statuses(runId)).toEqual({ a: "Completed", b: "Completed" });
  });
});
