// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Azure ML's expressions, not JavaScript's.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violations } from "./contract-schemas.ts";
import { CODE_ID, isAlive, mountedAt, TestWorkspace, until, WORKSPACE } from "./workspace.ts";

const SECRET = "the-servers-own-secret";
const machineEnvironment = { ...process.env, PENSTOCK_SECRET: SECRET, AWS_SECRET_ACCESS_KEY: SECRET, LC_TIME: "C" };
const workspace = new TestWorkspace({ machineEnvironment, logLimitBytes: 200_000 });
const { folders } = workspace;
beforeAll(async () => {
  await workspace.start();
  await workspace.prepare({
    "train.py": "import sys\nprint('hello', *sys.argv[1:])\n",
    "sub folder/données.txt": "x",
    "show.py": "import json, os, sys\njson.dump({'args': sys.argv[1:], 'env': dict(os.environ), 'exe': sys.executable}, sys.stdout)\n",
  });
  chmodSync(join(folders.blobs, "snapshots/snapshot/train.py"), 0o444);
});
afterAll(() => workspace.dispose());

const literal = (value: string) => ({ jobInputType: "literal", value });
const blob = (path: string) => `azureml://datastores/workspaceblobstore/paths/${path}`;

async function show(name: string, properties: Record<string, unknown>) {
  const details = await workspace.run(name, { codeId: CODE_ID, ...properties });
  expect(details).toMatchObject({ status: "Completed" });
  return JSON.parse(folders.log(name));
}

describe("a command job", () => {
  test("runs in a copy of its snapshot, and its output is the run's log", async () => {
    const details = await workspace.run("hello", { codeId: CODE_ID, command: "python train.py a 'b c' && ls 'sub folder'" });

    expect(details).toMatchObject({ runId: "hello", target: "cpu-cluster", status: "Completed", error: null, warnings: [] });
    expect(folders.log("hello")).toBe("hello a b c\ndonnées.txt\n");
    expect(Object.keys(details.logFiles)).toEqual(["user_logs/std_log.txt"]);
    expect(Date.parse(details.endTimeUtc)).toBeGreaterThanOrEqual(Date.parse(details.startTimeUtc));
    expect(violations("Jobs_Get", await workspace.arm("GET", "/jobs/hello"))).toEqual([]);
  });

  test("cannot change its snapshot", async () => {
    await workspace.run("vandal", { codeId: CODE_ID, command: "echo broken > train.py; rm show.py; cat train.py" });

    expect(folders.log("vandal")).toBe("broken\n");
    expect(readFileSync(join(folders.blobs, "snapshots/snapshot/train.py"), "utf8")).toContain("hello");
    expect(existsSync(join(folders.blobs, "snapshots/snapshot/show.py"))).toBe(true);
  });

  test("leaves nothing behind but its artifacts", async () => {
    await workspace.run("tidy", { codeId: CODE_ID, command: "echo scratch > scratch.txt" });

    await until(() => !existsSync(join(folders.state, "jobs", "tidy")));
    expect(readdirSync(folders.artifact("tidy", ""))).toEqual(["user_logs"]);
  });

  test.each([
    ["exit 3", "exit code 3"],
    ["no-such-program", "the program was not found"],
    ["kill -SEGV $$", "ended by signal SIGSEGV"],
    ["sh -c 'kill -KILL $$'", "ended by signal SIGKILL"],
    ["if then", "exit code 2"],
  ])("whose command is `%s` fails and says why", async (command, message) => {
    const name = `fails-${command.replaceAll(/\W/g, "-")}`;
    // `$$` is the shell's own process, which here is our wrapper's.
    const details = await workspace.run(name, { command: command === "kill -SEGV $$" ? `sh -c '${command}'` : command });

    expect(details).toMatchObject({ status: "Failed", error: { error: { code: "UserError", message: expect.stringContaining(message) } } });
  });

  test("fails when the process that runs it is killed, and the rest of it ends", async () => {
    const details = await workspace.run("shot", {
      command: 'sleep 600 & echo $! > "$AZURE_ML_OUTPUT_o/pid"; kill -KILL $$',
      outputs: { o: { jobOutputType: "uri_folder", uri: blob("shot") } },
    });

    const pid = Number(readFileSync(join(folders.blobs, "shot/pid"), "utf8"));
    expect(details.error.error.message).toContain("was killed by SIGKILL");
    expect(await isAlive(pid)).toBe(false);
  });

  test("gets arguments and values byte by byte", async () => {
    const nasty = `it's "quoted" $(id) \`id\` ; & | * ~ \\ ünïcödé 日本語 🎉 -x`;
    const quoted = `'${nasty.replaceAll("'", "'\\''")}'`;

    const shown = await show("nasty", {
      command: `python show.py ${quoted} -- 'two\nlines' '' `,
      environmentVariables: { NASTY: nasty, EMPTY: "" },
    });

    expect(shown.args).toEqual([nasty, "--", "two\nlines", ""]);
    expect(shown.env).toMatchObject({ NASTY: nasty, EMPTY: "" });
  });

  test("sees its own and Azure ML's variables, and nothing of the server's", async () => {
    const { env } = await show("variables", {
      command: "python show.py",
      environmentVariables: { MY_FLAG: "1", AZUREML_ARM_PROJECT_NAME: "mine" },
    });

    expect(env).toMatchObject({
      AZUREML_RUN_ID: "variables",
      AZUREML_EXPERIMENT_NAME: "tests",
      AZUREML_ARM_WORKSPACE_NAME: "laptop",
      LC_TIME: "C",
    });
    expect(env).toMatchObject({ MY_FLAG: "1", AZUREML_ARM_PROJECT_NAME: "mine", HOME: process.env["HOME"] });
    expect(JSON.stringify(env)).not.toContain(SECRET);
  });

  test("may set its own run id", async () => {
    const { env } = await show("renamed", { command: "python show.py", environmentVariables: { AZUREML_RUN_ID: "step-run" } });

    expect(env["AZUREML_RUN_ID"]).toBe("step-run");
  });

  test("runs a command that is longer than an argument may be", async () => {
    const details = await workspace.run("long", { command: `printf %s '${"x".repeat(200_000)}' | wc -c` });

    expect(details.status).toBe("Completed");
    expect(folders.log("long").trim()).toBe("200000");
  });
});

describe("a job that cannot be started", () => {
  test("fails and says that its environment is too large", async () => {
    const details = await workspace.run("too-large", { environmentVariables: { LARGE: "x".repeat(200_000) } });

    expect(details).toMatchObject({
      status: "Failed",
      error: { error: { message: expect.stringMatching(/could not be started: .*E2BIG/) } },
    });
  });

  test("fails and says that its log cannot be written", async () => {
    mkdirSync(folders.artifact("no-log", ""), { recursive: true });
    writeFileSync(folders.artifact("no-log", "user_logs"), "");

    const details = await workspace.run("no-log", {});

    expect(details).toMatchObject({
      status: "Failed",
      error: { error: { message: expect.stringMatching(/could not be started: .*user_logs/) } },
    });
  });

  test("makes room for the next", async () => {
    await workspace.putCluster(1);
    await workspace.run("blocked", { environmentVariables: { LARGE: "x".repeat(200_000) } });

    expect(await workspace.run("unblocked", {})).toMatchObject({ status: "Completed" });
    await workspace.putCluster(4);
  });
});

test("a job whose artifacts cannot be stored fails and says why", async () => {
  mkdirSync(folders.artifact("no-room", ""), { recursive: true });
  writeFileSync(folders.artifact("no-room", "outputs"), "in the way");

  const details = await workspace.run("no-room", { command: "mkdir outputs; echo a > outputs/a" });

  expect(details).toMatchObject({
    status: "Failed",
    error: { error: { message: expect.stringContaining("outputs could not be stored") } },
  });
});

describe("inputs", () => {
  test("are mounted without a copy, downloaded, or put in as text", async () => {
    folders.write("in/a.txt", "A");
    folders.write("in/b.csv", "B");
    const inputs = {
      folder: { jobInputType: "uri_folder", uri: blob("in/"), mode: "ReadOnlyMount" },
      file: { jobInputType: "uri_file", uri: blob("in/b.csv") },
      copy: { jobInputType: "uri_folder", uri: blob("in"), mode: "Download" },
      direct: { jobInputType: "uri_folder", uri: blob("in"), mode: "Direct" },
      lr: literal("0.1"),
    };
    const command =
      "readlink -f ${{inputs.folder}}; readlink -f ${{ inputs.file }}; cat ${{inputs.copy}}/a.txt; echo; readlink -f ${{inputs.copy}}; echo '${{inputs.direct}}' \"${{inputs.lr}}\" $AZURE_ML_INPUT_lr; basename ${{inputs.file}}";

    await workspace.run("inputs", { command, inputs });

    const [folder, file, copied, copy, text, name] = folders.log("inputs").trim().split("\n");
    expect([folder, file]).toEqual([join(folders.blobs, "in"), join(folders.blobs, "in/b.csv")]);
    expect([copied, text, name]).toEqual(["A", `${blob("in")} 0.1 0.1`, "b.csv"]);
    expect(copy).toContain(folders.state);
  });

  test("that are optional and missing take their part of the command with them", async () => {
    await workspace.run("optional", { command: "echo a $[[--lr ${{inputs.lr}}]] $[[--n ${{inputs.n}}]] b", inputs: { n: literal("5") } });

    expect(folders.log("optional")).toBe("a --n 5 b\n");
  });

  test("whose data is not there fail the job", async () => {
    const details = await workspace.run("missing", { inputs: { d: { jobInputType: "uri_folder", uri: blob("nothing/here") } } });

    expect(details).toMatchObject({ status: "Failed", error: { error: { message: expect.stringContaining("input 'd' is not there") } } });
  });
});

describe("outputs", () => {
  const upload = (path: string, jobOutputType = "uri_folder") => ({ jobOutputType, uri: blob(path), mode: "Upload" });

  test("that are mounted are the destination itself", async () => {
    await workspace.run("mounted", {
      command: "echo m > ${{outputs.o}}/m.txt; exit 1",
      outputs: { o: { jobOutputType: "uri_folder", uri: blob("out/mounted") } },
    });

    expect(readFileSync(join(folders.blobs, "out/mounted/m.txt"), "utf8")).toBe("m\n");
  });

  test("that are uploaded appear when the job has succeeded", async () => {
    const command = "mkdir -p ${{outputs.o}}/deep; echo u > ${{outputs.o}}/deep/u.txt; echo f > ${{outputs.f}}; ls $AZURE_ML_OUTPUT_o";

    await workspace.run("uploaded", { command, outputs: { o: upload("out/uploaded"), f: upload("out/file.txt", "uri_file") } });

    expect(readFileSync(join(folders.blobs, "out/uploaded/deep/u.txt"), "utf8")).toBe("u\n");
    expect(readFileSync(join(folders.blobs, "out/file.txt"), "utf8")).toBe("f\n");
  });

  test("that are uploaded do not appear when it failed", async () => {
    await workspace.run("not-uploaded", { command: "echo u > ${{outputs.o}}/u.txt; exit 1", outputs: { o: upload("out/failed") } });

    expect(existsSync(join(folders.blobs, "out/failed"))).toBe(false);
  });

  test.each([
    ["a file that was not written", "true", "uri_file", "output 'o' is not there"],
    ["a folder that was removed", "rm -r ${{outputs.o}}", "uri_folder", "output 'o' is not there"],
    ["a link in its place", "rm -r ${{outputs.o}}; ln -s /etc ${{outputs.o}}", "uri_folder", "output 'o' was replaced by a symbolic link"],
  ])("of which one is %s fail the job", async (_, command, type, message) => {
    const name = `output-${message.length}-${type}-${command.length}`;

    const details = await workspace.run(name, { command, outputs: { o: upload(`out/${name}`, type) } });

    expect(details).toMatchObject({ status: "Failed", error: { error: { message: expect.stringContaining(message) } } });
  });

  test("have a default place", async () => {
    await workspace.run("default-place", { command: "echo d > ${{outputs.o}}/d.txt", outputs: { o: { jobOutputType: "uri_folder" } } });

    expect(existsSync(join(folders.blobs, "azureml/default-place/o/d.txt"))).toBe(true);
  });
});

describe("what a job leaves in ./outputs and ./logs", () => {
  test("is kept with the run, also of one that failed", async () => {
    await workspace.run("leaves", { command: "mkdir -p outputs/model logs; echo m > outputs/model/m.txt; echo l > logs/l.txt; exit 1" });

    expect(readFileSync(folders.artifact("leaves", "outputs/model/m.txt"), "utf8")).toBe("m\n");
    expect(readFileSync(folders.artifact("leaves", "logs/l.txt"), "utf8")).toBe("l\n");
  });

  test("is kept without what links lead to elsewhere, and says so", async () => {
    const command =
      "mkdir outputs; echo i > inside; ln -s ../inside outputs/inside; ln -s /etc/passwd outputs/passwd; ln -s /etc outputs/etc; mkfifo outputs/pipe";

    const details = await workspace.run("links", { command });

    expect(details.status).toBe("Completed");
    expect(readdirSync(folders.artifact("links", "outputs"))).toEqual(["inside"]);
    expect(details.warnings[0].message).toMatch(/etc.*passwd|passwd.*etc/);
    expect(details.warnings[0].message).toContain("pipe");
  });
});

describe("the log", () => {
  test("is there while the job runs", async () => {
    await workspace.putJob("live", {
      command: 'echo begun; until [ -e "$AZURE_ML_OUTPUT_o/go" ]; do sleep 0.02; done; echo ended',
      outputs: { o: { jobOutputType: "uri_folder", uri: blob("live") } },
    });

    await until(() => existsSync(folders.artifact("live", "user_logs/std_log.txt")) && folders.log("live") === "begun\n");
    folders.write("live/go", "");
    await workspace.ended("live");

    expect(folders.log("live")).toBe("begun\nended\n");
  });

  test("shows at once what Python prints", async () => {
    folders.write(
      "snapshots/waits/wait.py",
      "import os, time\nprint('begun')\nwhile not os.path.exists(os.environ['AZURE_ML_OUTPUT_o'] + '/go'): time.sleep(0.02)\n",
    );
    await workspace.putCode({}, "waits");
    await workspace.putJob("live-python", {
      codeId: `${WORKSPACE}/codes/waits/versions/1`,
      command: "python wait.py",
      outputs: { o: { jobOutputType: "uri_folder", uri: blob("live-python") } },
    });

    await until(() => existsSync(folders.artifact("live-python", "user_logs/std_log.txt")) && folders.log("live-python") === "begun\n");

    folders.write("live-python/go", "");
    await workspace.ended("live-python");
  });

  test("keeps bytes that are not UTF-8", async () => {
    await workspace.run("bytes", { command: "printf '\\377\\376\\200abc\\000\\033[1m'" });

    expect(readFileSync(folders.artifact("bytes", "user_logs/std_log.txt"))).toEqual(
      Buffer.from([255, 254, 128, 97, 98, 99, 0, 27, 91, 49, 109]),
    );
  });

  test("keeps its beginning and end when it grows too long", async () => {
    await workspace.run("chatty", { command: "echo first; yes | head -c 5000000; echo last" });

    const log = folders.log("chatty");
    expect(statSync(folders.artifact("chatty", "user_logs/std_log.txt")).size).toBeLessThan(200_200);
    expect(log.startsWith("first\ny\n")).toBe(true);
    expect(log.endsWith("y\nlast\n")).toBe(true);
    expect(log).toContain("[… 4800011 bytes of this log are left out: it grew beyond 200000 bytes …]");
  });

  test("takes no more room than that while the job runs, and loses nothing of its end", async () => {
    const command = 'echo first; yes | head -c 8000000; until [ -e "$AZURE_ML_OUTPUT_o/go" ]; do sleep 0.02; done; echo last';
    await workspace.putJob("flood", { command, outputs: { o: mountedAt("flood") } });
    const log = folders.artifact("flood", "user_logs/std_log.txt");

    await until(() => (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 8_000_000 && statSync(log).blocks * 512 < 1_000_000);
    folders.write("flood/go", "");
    await workspace.ended("flood");

    expect(folders.log("flood")).toMatch(
      /^first\ny\ny\n.*y\ny\n\n\[… 7800011 bytes of this log are left out.*\]\n(y\n|\n)y\n.*y\nlast\n$/s,
    );
  });

  test("is whole when it is just as long as it may be", async () => {
    await workspace.run("just-fits", { command: "yes | head -c 200000" });

    expect(folders.log("just-fits")).toBe("y\n".repeat(100_000));
  });
});

test("a workspace in a folder whose name has blanks and quotes runs its jobs", async () => {
  const odd = new TestWorkspace();
  const root = join(odd.folders.root, 'it\'s a "folder" $HOME');
  mkdirSync(join(root, "blobs/in"), { recursive: true });
  writeFileSync(join(root, "blobs/in/x.txt"), "x");
  symlinkSync(join(root, "blobs"), join(root, "link"));
  await odd.start({
    stateFolder: join(root, "state"),
    datastores: { workspaceblobstore: join(root, "blobs"), workspaceartifactstore: odd.folders.artifacts },
  });
  await odd.prepare();
  const inputs = { d: { jobInputType: "uri_folder", uri: blob("in") } };
  const outputs = { o: { jobOutputType: "uri_folder", uri: blob("out") } };

  const details = await odd.run("odd", {
    command: `cat \${{inputs.d}}/x.txt "\${{inputs.d}}/x.txt" '\${{inputs.d}}/x.txt' > \${{outputs.o}}/y.txt`,
    inputs,
    outputs,
  });

  expect(details.status).toBe("Completed");
  expect(readFileSync(join(root, "blobs/out/y.txt"), "utf8")).toBe("xxx");
  await odd.dispose();
});
