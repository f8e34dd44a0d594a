import { describe, expect, test } from "vitest";
import { SubmitRunRequest } from "../../../shared/api/requests.ts";
import { PipelineGraph } from "../../../shared/domain/pipeline-graph.ts";
import { aDataset } from "../../contracts/dataset-store.contract.ts";
import { anId } from "../../support/graphs.ts";
import { RunRig } from "../../support/run-rig.ts";

const PLACE = { datastore: "workspaceblobstore", path: "in/table.csv" };

/** One step that reads a place which a parameter names, and passes it on as a word. */
function reading(parameter: object): PipelineGraph {
  return PipelineGraph.parse({
    parameters: { table: parameter },
    steps: [
      {
        key: "read",
        type: "CommandStep",
        command: ["cat", "--from", { parameter: "t" }],
        inputs: { rows: { source: { parameter: "table" }, mode: "download" } },
        parameters: { t: { source: "table" } },
      },
    ],
  });
}

describe("parameters of a run", () => {
  test("an input comes from the place that the submit gives, in the mode of the input", async () => {
    await using rig = await RunRig.open();
    await rig.blobs.write(PLACE, Buffer.from("a,b"));
    const runId = await rig.submit(reading({ type: "datapath", default: { ...PLACE, path: "gone" } }), { parameters: { table: PLACE } });

    const head = await rig.ended(runId);

    expect(head).toMatchObject({ status: "Completed", parameters: { table: { value: PLACE, origin: "submit" } } });
    const request = rig.compute.ledger.get(await rig.jobId(runId, "read"))?.request;
    expect(request?.inputs["rows"]).toEqual({ uri: rig.blobs.uri(PLACE), mode: "download", kind: "file" });
    expect(request?.command).toContain(`cat --from "\${{inputs.rows}}"`);
    expect(request?.environmentVariables).toMatchObject({ PENSTOCK_INPUT_NAMES: "rows" });
  });

  test("an input from an optional parameter without a value is not there, nor is any word of it", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(reading({ type: "datapath", optional: true }));

    const head = await rig.ended(runId);

    expect(head).toMatchObject({ status: "Completed", parameters: {} });
    const request = rig.compute.ledger.get(await rig.jobId(runId, "read"))?.request;
    expect(Object.keys(request?.inputs ?? {})).toEqual(["penstock_runtime"]);
    expect(request?.command).toMatch(/; cat$/);
    expect(request?.environmentVariables).toMatchObject({ PENSTOCK_INPUT_NAMES: "" });
    expect(request?.environmentVariables).not.toHaveProperty("AML_PARAMETER_t");
  });

  test("a dataset is the version it was at the submit, whatever is registered later", async () => {
    await using rig = await RunRig.open();
    await rig.blobs.write({ ...PLACE, path: "iris/1/x" }, Buffer.from("1"));
    await rig.datasets.add(aDataset({ id: anId(1), path: "iris/1" }));
    const runId = await rig.submit(reading({ type: "dataset", default: { name: "iris" } }));
    await rig.datasets.add(aDataset({ id: anId(2), version: 2, path: "iris/2" }));

    const head = await rig.ended(runId);

    expect(head).toMatchObject({
      status: "Completed",
      parameters: {
        table: {
          value: { id: anId(1), name: "iris", version: 1, datastore: "workspaceblobstore", path: "iris/1" },
          origin: "default",
        },
      },
    });
    const request = rig.compute.ledger.get(await rig.jobId(runId, "read"))?.request;
    expect(request?.inputs["rows"]).toMatchObject({ uri: rig.blobs.uri({ ...PLACE, path: "iris/1" }), kind: "folder" });
  });

  test("a place where nothing lies fails the step, and names the parameter", async () => {
    await using rig = await RunRig.open();
    const runId = await rig.submit(reading({ type: "dataset" }), { parameters: { table: { ...PLACE, path: "gone" } } });

    const head = await rig.ended(runId);

    expect(head.failure).toMatchObject({
      code: "InputNotFound",
      cause: 'step "read" failed: input "rows" of step "read": datastore workspaceblobstore has nothing at "gone"',
      remedy: 'upload the data, or give parameter "table" another place',
    });
  });

  test.each([
    [
      "a datastore that is not there",
      { table: { datastore: "nowhere", path: "x" } },
      {
        pointer: "/parameters/table/datastore",
        message: 'the workspace has no datastore "nowhere"',
        remedy: "known: workspaceartifactstore, workspaceblobstore",
      },
    ],
    [
      "a dataset that is not there",
      { table: { name: "iris", version: 2 } },
      {
        pointer: "/parameters/table",
        message: 'the workspace has no dataset "iris, version 2"',
        remedy: "register it with POST /api/datasets, or give a datastore and a path",
      },
    ],
    [
      "a default that is not there",
      {},
      {
        pointer: "/pipeline/parameters/table/default",
        message: 'the workspace has no dataset "wine"',
        remedy: "register it with POST /api/datasets, or give a datastore and a path",
      },
    ],
  ])("refuses %s", async (_what, parameters, error) => {
    await using rig = await RunRig.open();

    const answer = rig.submit(reading({ type: "dataset", default: { name: "wine" } }), { parameters });

    await expect(answer).rejects.toMatchObject({ problem: { kind: "invalid-pipeline", errors: [error] } });
    expect(rig.documents.writesOf(/./)).toEqual([]);
  });

  test("refuses a path that leads out of its datastore before anything is asked", () => {
    const parsed = SubmitRunRequest.safeParse({
      experimentName: "e",
      pipeline: reading({ type: "datapath" }),
      parameters: { table: { ...PLACE, path: "../../etc/passwd" } },
    });

    expect(parsed.success).toBe(false);
  });
});
