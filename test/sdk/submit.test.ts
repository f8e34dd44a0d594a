import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ApiClient } from "../../sdk/client.ts";
import { experimentNameFor } from "../../sdk/experiment-name.ts";
import { type SubmitOptions, submitFile } from "../../sdk/submit.ts";
import { FileError } from "../../sdk/yaml/yaml-error.ts";
import { StubWorkspace } from "./stub-workspace.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const PIPELINE = `pipeline:
  name: Gräfin & Co
  parameters: { rate: { type: float, default: 0.1 }, quick: { type: bool, default: false } }
  data_references:
    raw: { datastore: blob, path_on_datastore: in, local_path: data }
  steps:
    train:
      type: PythonScriptStep
      source_directory: code
      script_name: train.py
      inputs: { raw: { source: raw } }
`;

function aProject(more: Record<string, string> = {}): TemporaryFolder {
  const folder = new TemporaryFolder();
  // Larger than a part of the stub, so that files lie across parts.
  return folder.write({
    "p.yml": PIPELINE,
    "code/train.py": "print(1)",
    "code/model.bin": "m".repeat(3000),
    "code/copy.bin": "m".repeat(3000),
    "code/empty": "",
    "data/a.csv": "1,2",
    "data/b/c.csv": "x".repeat(2048),
    ...more,
  });
}

const submit = (workspace: StubWorkspace, folder: TemporaryFolder, options: SubmitOptions = {}) =>
  submitFile(new ApiClient(workspace), "p.yml", { from: folder.path, cacheFolder: folder.join(".cache-of-hashes"), ...options });

describe("submitFile", () => {
  test("uploads code and data and submits a graph that names them by ids", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject();

    const { run, warnings, uploadedBytes } = await submit(workspace, folder, {
      tags: { team: "a", bare: null },
      displayName: "one",
      set: ["rate=0.5", "quick=TRUE"],
    });

    expect(run.displayName).toBe("one");
    expect(warnings).toEqual([]);
    expect(uploadedBytes).toBe(8 + 3000 + 3 + 2048);
    expect(Buffer.from(workspace.files.get("blob/in/a.csv") ?? []).toString()).toBe("1,2");
    expect(workspace.files.get("blob/in/b/c.csv")).toHaveLength(2048);
    expect(workspace.submitted).toEqual([
      {
        experimentName: "Grafin-Co",
        displayName: "one",
        pipeline: {
          name: "Gräfin & Co",
          parameters: { rate: { type: "float", default: 0.1 }, quick: { type: "bool", default: false } },
          steps: [
            {
              type: "PythonScriptStep",
              key: "train",
              snapshotId: expect.stringMatching(/^[0-9a-f]{64}$/),
              scriptName: "train.py",
              arguments: [],
              inputs: { raw: { source: { datastore: "blob", path: "in" }, mode: "mount" } },
              outputs: {},
              parameters: {},
              runAfter: [],
              allowReuse: true,
              environmentVariables: {},
            },
          ],
        },
        parameters: { rate: 0.5, quick: true },
        tags: { team: "a", bare: null },
        properties: {},
        continueOnStepFailure: false,
        regenerateOutputs: false,
        runSource: "SDK",
        warnings: [],
      },
    ]);
  });

  test("sends nothing twice", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject();
    await submit(workspace, folder);
    folder.write({ "code/train.py": "print(2)" });

    const changed = await submit(workspace, folder);
    const same = await submit(workspace, folder);

    expect(changed.uploadedBytes).toBe(8);
    expect(same.uploadedBytes).toBe(0);
  });

  test("finds the run of the first time under the same key", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject();

    const first = await submit(workspace, folder, { idempotencyKey: "k" });
    const second = await submit(workspace, folder, { idempotencyKey: "k" });

    expect(second.run.id).toBe(first.run.id);
    expect(workspace.submitted).toHaveLength(1);
  });

  test("says at which line of the file the server found a problem", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject();
    workspace.refusal = {
      kind: "invalid-pipeline",
      errors: [
        { pointer: "/pipeline/steps/0/inputs/raw/source", message: "there is no datastore blob", remedy: "add it" },
        { pointer: "/experimentName", message: "is taken" },
        { message: "and something in general" },
      ],
    };

    const submitted = submit(workspace, folder);

    await expect(submitted).rejects.toBeInstanceOf(FileError);
    await expect(submitted).rejects.toMatchObject({
      kind: "usage",
      details: ["p.yml:11:32: there is no datastore blob (add it)", "p.yml: --experiment: is taken", "p.yml: and something in general"],
    });
  });

  test("calls nobody when the file or a parameter is wrong", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject({ "bad.yml": "- a" });
    const client = new ApiClient(workspace);

    await expect(submitFile(client, "bad.yml", { from: folder.path })).rejects.toMatchObject({ kind: "usage" });
    await expect(submit(workspace, folder, { set: ["rat=1", "rate=x", "quick", "quick=maybe"] })).rejects.toMatchObject({
      kind: "usage",
      details: [
        '--set rat: the pipeline declares no such parameter (did you mean "rate"?)',
        '--set rate: "x" is not a number',
        '--set "quick" has no "=": write name=value',
        '--set quick: "maybe" is not true or false',
      ],
    });
    expect(workspace.calls).toEqual([]);
  });

  test("uploads nothing of a folder that is over the workspace's limits", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject();
    workspace.limits = { ...workspace.limits, snapshotFiles: 2 };

    await expect(submit(workspace, folder)).rejects.toMatchObject({
      message: expect.stringContaining("is too large for a snapshot: 4 files"),
    });
    expect(workspace.calls).toEqual(["getWorkspace"]);
  });

  test("points to the ignore file when it leaves out the script itself", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject({ "code/.amlignore": "*.py\n" });

    await expect(submit(workspace, folder)).rejects.toMatchObject({
      details: [
        'p.yml:10:20: steps.train: script_name "train.py" is left out of the snapshot (take it back in with a line in code/.amlignore)',
      ],
    });
  });

  test("takes an environment that the run configuration only names from the workspace", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = aProject({ "run.yml": "environment: {name: sk, environmentVariables: {A: b}}\n" });
    folder.write({ "p.yml": PIPELINE.replace("script_name:", "runconfig: run.yml\n      script_name:") });

    const unknown = submit(workspace, folder);
    await expect(unknown).rejects.toMatchObject({
      details: [expect.stringContaining('p.yml:10:18: steps.train: the workspace has no environment "sk"')],
    });
    workspace.environments.set("sk", { name: "sk", spec: { condaFile: "dependencies: []", variables: { C: "d" } } });
    await submit(workspace, folder);

    expect(workspace.submitted[0]?.pipeline.steps[0]?.environment).toEqual({
      name: "sk",
      condaFile: "dependencies: []",
      variables: { A: "b", C: "d" },
    });
  });

  test("submits the sample", async () => {
    await using workspace = await StubWorkspace.start();
    using cache = new TemporaryFolder();
    workspace.limits = { ...workspace.limits, partBytes: 8 * 1024 * 1024 };
    const root = new URL("../../samples/iris/", import.meta.url).pathname;

    const { run } = await submitFile(new ApiClient(workspace), "pipeline.yml", { from: root, cacheFolder: cache.path });

    expect(run.steps?.total).toBe(4);
    expect(Buffer.from(workspace.files.get("workspaceblobstore/iris/iris.csv") ?? [])).toEqual(readFileSync(`${root}data/iris.csv`));
  });
});

describe("experimentNameFor", () => {
  test.each([
    ["iris", "iris"],
    ["Gräfin & Co", "Grafin-Co"],
    ["_x y_", "x-y_"],
    ["模型", "my-file"],
    [undefined, "my-file"],
  ])("makes %s %s", (name, expected) => {
    expect(experimentNameFor(name === undefined ? {} : { name }, "/x/my file.yml")).toBe(expected);
  });
});
