import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiClient } from "../../sdk/client.ts";
import { submitFile } from "../../sdk/submit.ts";
import { RunId } from "../../shared/domain/ids.ts";
import { type StubRun, StubWorkspace } from "../sdk/stub-workspace.ts";
import { TemporaryFolder } from "../sdk/temporary-folder.ts";
import { Penstock } from "./run-penstock.ts";

const PIPELINE = `pipeline:
  name: demo
  parameters: { rate: { type: float, default: 0.1 } }
  steps:
    prepare: { type: CommandStep, command: "true", outputs: { data: { destination: d } } }
    train: { type: CommandStep, command: "false", inputs: { data: { source: d } } }
`;
const FORECAST =
  "Steps: 2 will run\n  run   prepare  has not completed before in this experiment\n  run   train    has not completed before in this experiment\n";
const ESCAPE = "\u001b";
let penstock: Penstock;
let project: TemporaryFolder;

beforeAll(async () => {
  penstock = await Penstock.build();
  project = new TemporaryFolder().write({ "p.yml": PIPELINE, "bad.yml": "pipeline:\n  steps: {a: {type: CommandStep}}\n" });
});
afterAll(() => {
  penstock[Symbol.dispose]();
  project[Symbol.dispose]();
});

const times = { startedAt: "2025-06-01T10:00:00Z", endedAt: "2025-06-01T10:00:52Z" };

function completes(workspace: StubWorkspace, entry: StubRun): void {
  for (const key of ["prepare", "train"]) workspace.move(entry, key, { status: "Completed", attempt: 1, ...times });
  workspace.move(entry, undefined, { runStatus: "Completed" });
}

function fails(workspace: StubWorkspace, entry: StubRun): void {
  const failure = { code: "UserError", cause: "your script ended with exit code 1", remedy: "look at its log", exitCode: 1 };
  const train = entry.steps.find(({ key }) => key === "train");
  entry.logs.set(
    train?.runId ?? "",
    new Map([["user_logs/std_log.txt", Array.from({ length: 40 }, (_, index) => `line ${index + 1}\n`).join("")]]),
  );
  workspace.move(entry, "prepare", { status: "Completed", attempt: 1, ...times });
  workspace.move(entry, "train", { status: "Failed", attempt: 1, failure, ...times });
  workspace.move(entry, undefined, { runStatus: "Failed" });
}

/** A run in the workspace whose fate is settled by `settle`. */
async function aRun(workspace: StubWorkspace, settle: (workspace: StubWorkspace, entry: StubRun) => void = completes): Promise<StubRun> {
  const { run } = await submitFile(new ApiClient(workspace), "p.yml", { from: project.path });
  const entry = workspace.runs.get(run.id);
  if (!entry) throw new Error("the stub lost the run");
  settle(workspace, entry);
  return entry;
}

describe("penstock run submit", () => {
  test("prints the run's id for scripts, and what else there is to say on stderr", async () => {
    await using workspace = await StubWorkspace.start();

    const { code, stdout, stderr } = await penstock.run(
      ["run", "submit", "p.yml", "--set", "rate=0.5", "--tag", "a=b", "--experiment", "e"],
      { workspace, cwd: project.path },
    );

    const [id] = workspace.runs.keys();
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${id}\n` });
    expect(stderr).toBe(`${FORECAST}Submitted demo to experiment e: 2 steps\n  next    penstock --url ${workspace.url} run show ${id}\n`);
    expect(workspace.submitted[0]).toMatchObject({ experimentName: "e", parameters: { rate: 0.5 }, tags: { a: "b" } });
  });

  test("--watch prints a line for each change, without colour, and ends with 0 for a run that completed", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.onSubmit = (entry) => workspace.move(entry, "prepare", { status: "Running", attempt: 1, startedAt: times.startedAt });

    const running = penstock.start(["run", "submit", "p.yml", "--watch"], { workspace, cwd: project.path });
    await running.says("prepare running");
    for (const entry of workspace.runs.values()) completes(workspace, entry);
    const { code, stdout, stderr } = await running.ended;

    const [id] = workspace.runs.keys();
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${id}\n` });
    expect(stderr.replace(/\d\d:\d\d:\d\d/g, "TIME").replace(/(demo completed) after .+/, "$1")).toBe(
      [
        ...FORECAST.trimEnd().split("\n"),
        "Submitted demo to experiment demo: 2 steps",
        "TIME prepare running",
        "TIME prepare completed after 52 s",
        "TIME train completed after 52 s",
        "",
        "✔ demo completed",
        `  next    penstock --url ${workspace.url} run outputs ${id}`,
        "",
      ].join("\n"),
    );
    expect(stderr).not.toContain(ESCAPE);
  });

  test("--watch of a run that failed ends with 6 and shows the cause, the last 30 lines and what to try", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.onSubmit = (entry) => fails(workspace, entry);

    const { code, stderr } = await penstock.run(["run", "submit", "p.yml", "--watch"], { workspace, cwd: project.path });

    const [id] = workspace.runs.keys();
    expect(code).toBe(6);
    expect(stderr).toContain(
      "✖ train failed after 52 s (attempt 1), exit code 1\n  cause   your script ended with exit code 1\n  remedy  look at its log\n  the last 30 lines of user_logs/std_log.txt:\n  │ line 11\n",
    );
    expect(stderr).toContain(`  │ line 40\n  next    penstock --url ${workspace.url} run logs ${id} train\n`);
    expect(stderr).not.toContain("line 10\n");
  });

  test("--watch of a run that was canceled ends with 7", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.onSubmit = (entry) => workspace.move(entry, undefined, { runStatus: "Canceled" });

    const { code } = await penstock.run(["run", "submit", "p.yml", "-w"], { workspace, cwd: project.path });

    expect(code).toBe(7);
  });

  test("--watch --output json gives the run with its step runs on stdout and nothing else", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.onSubmit = (entry) => completes(workspace, entry);

    const { code, stdout } = await penstock.run(["run", "submit", "p.yml", "--watch", "--output", "json"], {
      workspace,
      cwd: project.path,
    });

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: "Completed",
      kind: "pipelineRun",
      stepRuns: [{ key: "prepare", status: "Completed" }, { key: "train" }],
    });
  });

  test("--watch waits for a workspace that is away for a moment", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.onSubmit = (entry) => workspace.move(entry, "prepare", { status: "Running", attempt: 1 });

    const running = penstock.start(["run", "submit", "p.yml", "--watch"], { workspace, cwd: project.path });
    await running.says("prepare running");
    workspace.outages.push(503, 503, 503);
    for (const entry of workspace.runs.values()) workspace.move(entry, "prepare", { status: "Completed", ...times });
    await running.says("trying again");
    for (const entry of workspace.runs.values()) completes(workspace, entry);
    const { code } = await running.ended;

    expect(code).toBe(0);
  });

  test("Ctrl-C lets go of the run and says how to cancel it", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.onSubmit = (entry) => workspace.move(entry, "prepare", { status: "Running", attempt: 1 });

    const running = penstock.start(["run", "submit", "p.yml", "--watch"], { workspace, cwd: project.path });
    await running.says("prepare running");
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;

    const [id] = workspace.runs.keys();
    expect(code).toBe(130);
    expect(stderr).toContain(
      `Detached; the run goes on.\n  look    penstock --url ${workspace.url} run show ${id}\n  cancel  penstock --url ${workspace.url} run cancel ${id}\n`,
    );
    expect(workspace.calls).not.toContain("cancelRun");
  });

  test("a file that is wrong is one block with lines and columns, and 2", async () => {
    await using workspace = await StubWorkspace.start();

    const { code, stdout, stderr } = await penstock.run(["run", "submit", "bad.yml"], { workspace, cwd: project.path });

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe("error bad.yml has 1 problem\n  bad.yml:2:11: steps.a.command is missing\n");
  });

  test("--dry-run says what would run and why, what would be reused, and sends nothing else", async () => {
    await using workspace = await StubWorkspace.start();
    const [runId, stepRunId] = ["0198a1b0-0000-7000-8000-000000000001", "0198a1b0-0000-7000-8000-000000000002"].map((id) =>
      RunId.parse(id),
    ) as [RunId, RunId];
    const changes = [
      { part: "parameter rate", before: "0.1", after: "0.5" },
      { part: "variable SEED", after: `1${ESCAPE}[31m` },
      { part: "version", before: "2" },
    ];
    workspace.ways.set("prepare", { kind: "reuse", from: { runId, stepRunId } });
    workspace.ways.set("train", { kind: "run", because: { reason: "changed", runId, stepRunId, changes } });

    const dry = await penstock.run(["run", "submit", "p.yml", "--dry-run", "--regenerate-outputs"], { workspace, cwd: project.path });
    const json = await penstock.run(["run", "submit", "p.yml", "--dry-run", "-o", "json"], { workspace, cwd: project.path });
    const called = [...workspace.calls];
    const short = await penstock.run(["run", "submit", "p.yml"], { workspace, cwd: project.path });

    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout.split("\n")).toEqual([
      "Steps: 1 will run, 1 reused",
      `  reuse prepare  from run ${runId}`,
      `  run   train    differs from run ${runId}:`,
      "                 parameter rate: 0.1 → 0.5",
      "                 variable SEED is new: 1",
      "                 version is gone: 2",
      "",
    ]);
    expect(JSON.parse(json.stdout).counts).toEqual({ reuse: 1, wait: 0, run: 1 });
    expect(new Set(called)).toEqual(new Set(["getWorkspace", "forecastRun"]));
    expect(short.stderr).toContain("  run   train    parameter rate: 0.1 → 0.5, and 2 more\n");
  });

  test("a parameter nobody declared is refused before anything is sent", async () => {
    await using workspace = await StubWorkspace.start();

    const { code, stderr } = await penstock.run(["run", "submit", "p.yml", "--set", "rte=1"], { workspace, cwd: project.path });

    expect(code).toBe(2);
    expect(stderr).toBe(
      'error The parameters cannot be set so\n  --set rte: the pipeline declares no such parameter (did you mean "rate"?)\n',
    );
    expect(workspace.calls).toEqual([]);
  });
});

describe("penstock run resubmit", () => {
  test("prints the new run's id, and says what is kept and what is warned of", async () => {
    await using workspace = await StubWorkspace.start();
    const entry = await aRun(workspace, fails);
    workspace.resubmitted = (run) => ({
      ...run,
      warnings: ['step "prepare" was kept'],
      steps: { total: 2, byStatus: { Completed: 1, NotStarted: 1 } },
    });

    const { code, stdout, stderr } = await penstock.run(
      ["run", "resubmit", entry.run.id, "--step", "train", "--set", "rate=0.5", "--set", "note=a=b", "--tag", "again"],
      { workspace, cwd: project.path },
    );

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${entry.run.id}\n` });
    expect(stderr).toBe(
      `Submitted demo again: 1 of 2 steps kept, 1 to run\nwarning step "prepare" was kept\n  next    penstock --url ${workspace.url} run show ${entry.run.id}\n`,
    );
    expect(workspace.resubmits).toEqual([
      { parameters: { rate: "0.5", note: "a=b" }, tags: { again: null }, properties: {}, steps: ["train"] },
    ]);
  });

  test("refuses a parameter without a value before anything is sent", async () => {
    await using workspace = await StubWorkspace.start();
    const entry = await aRun(workspace, fails);

    const { code, stderr } = await penstock.run(["run", "resubmit", entry.run.id, "--set", "rate"], { workspace, cwd: project.path });

    expect(code).toBe(2);
    expect(stderr).toContain('--set "rate" has no "=": write name=value');
    expect(workspace.calls).not.toContain("resubmitRun");
  });
});

describe("penstock run logs --follow", () => {
  test("ends by Ctrl-C without a word of its own", async () => {
    await using workspace = await StubWorkspace.start();
    const entry = await aRun(workspace, (stub, run) => {
      const train = run.steps.find(({ key }) => key === "train");
      run.logs.set(train?.runId ?? "", new Map([["user_logs/std_log.txt", "first\n"]]));
      stub.move(run, "train", { status: "Running", attempt: 1, startedAt: times.startedAt });
    });

    const running = penstock.start(["run", "logs", entry.run.id, "--follow"], { workspace, cwd: project.path });
    await running.says("first");
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;

    expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
  });
});

describe("penstock run", () => {
  test("list is parted by tabs in a pipe, and JSON on demand", async () => {
    await using workspace = await StubWorkspace.start();
    const { run } = await aRun(workspace);

    const table = await penstock.run(["run", "list"], { workspace });
    const json = await penstock.run(["run", "list", "-o", "json", "--status", "completed"], { workspace });

    const [heading, row = ""] = table.stdout.split("\n");
    expect(heading).toBe("run\tname\texperiment\tstatus\tsteps\tcreated\ttook");
    expect(row.split("\t").slice(0, 5)).toEqual([run.id, "demo", "demo", "Completed", "2"]);
    expect(row.split("\t")[5]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+$/);
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: run.id, createdAt: run.createdAt }]);
  });

  test("show gives the run and its steps, with times in the reader's zone", async () => {
    await using workspace = await StubWorkspace.start();
    const { run, steps } = await aRun(workspace);
    run.createdAt = "2025-06-01T10:00:00Z";

    const { code, stdout } = await penstock.run(["run", "show", run.id], { workspace });

    expect(code).toBe(0);
    expect(stdout).toContain(`run\t${run.id}\nname\tdemo\n`);
    expect(stdout).toContain("created\t2025-06-01 12:00:00 GMT+2\n");
    expect(stdout).toContain(`train\tcompleted\t52 s\t1\t${steps[1]?.runId}\t\n`);
  });

  test.each([["@latest"], ["an unambiguous beginning"], ["the name"]])("a run may be named by %s", async (how) => {
    await using workspace = await StubWorkspace.start();
    const { run } = await aRun(workspace);
    const reference = how === "@latest" ? how : how === "the name" ? "demo" : run.id.slice(0, 10);

    const { stdout } = await penstock.run(["run", "show", reference, "-o", "json"], { workspace });

    expect(JSON.parse(stdout)).toMatchObject({ id: run.id });
  });

  test("a name that fits several runs is 2 with the choice, one that fits none is 3", async () => {
    await using workspace = await StubWorkspace.start();
    const [first, second] = [await aRun(workspace), await aRun(workspace)];

    const several = await penstock.run(["run", "show", "demo"], { workspace });
    const none = await penstock.run(["run", "show", "ffffffff"], { workspace });
    const id = await penstock.run(["run", "show", "01998000-0000-7000-8000-000000000000"], { workspace });

    expect(several.code).toBe(2);
    expect(several.stderr).toContain(first.run.id);
    expect(several.stderr).toContain(second.run.id);
    expect(none.code).toBe(3);
    expect(id.code).toBe(3);
  });

  test("logs of one step come as they are, those of all with the step before each line", async () => {
    await using workspace = await StubWorkspace.start();
    const { run, steps, logs } = await aRun(workspace);
    for (const [index, step] of steps.entries())
      logs.set(step.runId, new Map([["user_logs/std_log.txt", `a\tb ${ESCAPE}[31m${index}${ESCAPE}[0m\nlast`]]));

    const one = await penstock.run(["run", "logs", run.id, "train"], { workspace });
    const all = await penstock.run(["run", "logs", run.id], { workspace });
    const unknown = await penstock.run(["run", "logs", run.id, "trian"], { workspace });

    expect(one.stdout).toBe(`a\tb ${ESCAPE}[31m1${ESCAPE}[0m\nlast`);
    expect(all.stdout).toBe("prepare │ a    b 0\nprepare │ last\ntrain   │ a    b 1\ntrain   │ last\n");
    expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean "train"?') });
  });

  test("logs --follow goes on until the step has ended", async () => {
    await using workspace = await StubWorkspace.start();
    const entry = await aRun(workspace, () => {});
    const { run, steps, logs } = entry;
    const log = new Map([["user_logs/std_log.txt", "first\n"]]);
    logs.set(steps[0]?.runId ?? "", log);
    workspace.move(entry, "prepare", { status: "Running", attempt: 1 });

    const running = penstock.start(["run", "logs", run.id, "prepare", "--follow"], { workspace });
    await running.says("first");
    log.set("user_logs/std_log.txt", "first\nsecond\n");
    workspace.changed();
    await running.says("second");
    workspace.move(entry, "prepare", { status: "Completed" });
    const { code, stdout } = await running.ended;

    expect({ code, stdout }).toEqual({ code: 0, stdout: "first\nsecond\n" });
  });

  test("outputs lists the files, and --download copies them", async () => {
    await using workspace = await StubWorkspace.start();
    using target = new TemporaryFolder();
    const { run, steps, outputs } = await aRun(workspace);
    const runId = steps[0]?.runId ?? run.id;
    workspace.files.set("blob/azureml/x/data/a b.csv", new TextEncoder().encode("1,2"));
    workspace.files.set("blob/azureml/x/data/deep/é.csv", new TextEncoder().encode("3"));
    const modifiedAt = "2025-06-01T10:00:00Z";
    outputs.push({
      step: "prepare",
      runId,
      name: "data",
      datastore: "blob",
      path: "azureml/x/data",
      files: [
        { path: "a b.csv", size: 3, modifiedAt },
        { path: "deep/é.csv", size: 1, modifiedAt },
      ],
    });

    workspace.artifacts.set(
      runId,
      new Map([
        ["outputs/model.txt", "weights"],
        ["user_logs/std_log.txt", "said"],
      ]),
    );

    const { code, stdout, stderr } = await penstock.run(["run", "outputs", run.id, "--download", "out"], { workspace, cwd: target.path });
    const other = await penstock.run(["run", "outputs", run.id, "train", "-o", "json"], { workspace });

    expect(code).toBe(0);
    expect(stdout).toBe(
      "step\toutput\tsize\tpath\nprepare\tdata\t3\tblob/azureml/x/data/a b.csv\nprepare\tdata\t1\tblob/azureml/x/data/deep/é.csv\nprepare\t(artifact)\t7\toutputs/model.txt\n",
    );
    expect(stderr).toBe(`3 files, 11 B, in ${target.join("out")}\n`);
    expect(readFileSync(target.join("out/prepare/data/a b.csv"), "utf8")).toBe("1,2");
    expect(readFileSync(target.join("out/prepare/data/deep/é.csv"), "utf8")).toBe("3");
    expect(readFileSync(target.join("out/prepare/artifacts/outputs/model.txt"), "utf8")).toBe("weights");
    expect(JSON.parse(other.stdout)).toEqual({ outputs: [], artifacts: [] });
  });

  test("metrics shows the last value of a series, and all of them as JSON", async () => {
    await using workspace = await StubWorkspace.start();
    const { run, steps, metrics } = await aRun(workspace);
    const time = "2025-06-01T10:00:00Z";
    const train = steps[1]?.runId ?? run.id;
    metrics.set(train, [
      { kind: "scalar", name: "loss", value: 0.5, time },
      { kind: "scalar", name: "loss", value: 0.25, time },
      { kind: "list", name: "classes", value: ["a", "b"], time },
    ]);

    const table = await penstock.run(["run", "metrics", run.id], { workspace });
    const json = await penstock.run(["run", "metrics", run.id, "train", "-o", "json"], { workspace });

    expect(table.stdout).toBe('step\tmetric\tkind\tvalue\tlogged\ntrain\tloss\tscalar\t0.25\t2\ntrain\tclasses\tlist\t["a","b"]\t1\n');
    expect(JSON.parse(json.stdout)).toEqual([{ step: "train", runId: train, metrics: metrics.get(train) }]);
  });

  test("cancel asks the run to stop; one that has ended is 5", async () => {
    await using workspace = await StubWorkspace.start();
    const { run } = await aRun(workspace, () => {});

    const asked = await penstock.run(["run", "cancel", "@latest"], { workspace });
    run.status = "Completed";
    const late = await penstock.run(["run", "cancel", run.id], { workspace });

    expect(asked).toMatchObject({ code: 0, stdout: `${run.id}\tCancelRequested\n` });
    expect(late).toMatchObject({ code: 5, stderr: expect.stringContaining("the run is Completed already") });
  });
});

describe("penstock", () => {
  test("status finds the workspace above the folder and gives scripts what they need", async () => {
    await using workspace = await StubWorkspace.start();
    using folder = new TemporaryFolder();
    const file = { address: workspace.url, token: workspace.token, pid: process.pid, startedAt: "2025-06-01T10:00:00Z", version: "0.1.0" };
    folder.write({ ".penstock/workspace.json": JSON.stringify(file), "deep/x": "" });

    const json = await penstock.run(["status", "--output", "json"], { cwd: folder.join("deep") });
    const table = await penstock.run(["status", "--state", folder.join(".penstock")], {});

    expect(JSON.parse(json.stdout)).toMatchObject({
      ...file,
      version: "0.0.0",
      stateFolder: folder.join(".penstock"),
      name: "stub",
      defaultDatastore: "workspaceblobstore",
    });
    expect(table.stdout).toContain(`address\t${workspace.url}\n`);
    expect(table.stdout).not.toContain(workspace.token);
  });

  test.each([
    ["no workspace", ["status"], 9, "error No workspace is running: "],
    [
      "a workspace that does not answer",
      ["status", "--url", "http://127.0.0.1:1"],
      9,
      "error The workspace at http://127.0.0.1:1 cannot be reached",
    ],
    ["an unknown command", ["rum"], 2, "error: unknown command 'rum'\n(Did you mean run?)\n\nUsage: penstock"],
    ["an unknown option", ["run", "list", "--foo"], 2, "error: unknown option '--foo'\n\nUsage: penstock run list"],
    ["an unknown format", ["status", "-o", "xml"], 2, "error: option '-o, --output <format>' argument 'xml' is invalid"],
    [
      "a missing file",
      ["run", "submit", "nope.yml", "--url", "http://127.0.0.1:1"],
      2,
      "error nope.yml has 1 problem\n  nope.yml: is not there\n",
    ],
  ])("%s", async (_, args, code, message) => {
    const ended = await penstock.run(args, {});

    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  test("a token that is refused is 4", async () => {
    await using workspace = await StubWorkspace.start();

    const { code, stderr } = await penstock.run(["run", "list"], { workspace, environment: { PENSTOCK_TOKEN: "wrong" } });

    expect(code).toBe(4);
    expect(stderr).not.toContain("wrong");
  });

  test("help that is asked for goes to stdout and ends with 0", async () => {
    const { code, stdout } = await penstock.run(["run", "submit", "--help"], {});

    expect(code).toBe(0);
    expect(stdout).toContain("--continue-on-step-failure");
  });
});
