import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import type { StepResource } from "../../shared/api/resources.ts";
import { getLog, listArtifacts } from "../../shared/api/routes/run-content.ts";
import { cancelRun, getRun, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const LOG = "user_logs/std_log.txt";
const MIB = 1024 * 1024;
const ESCAPE = "\u001b";

let workspace: TestWorkspace;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-scripts-"));
  workspace = await startWorkspace(await aStateFolder());
}, 30_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
  await removeFolder(folder);
});

/** A pipeline of one PythonScriptStep `s` that runs this text. @returns its file. */
function aScript(python: string, { outputs = "" }: { outputs?: string } = {}): string {
  const place = join(folder, crypto.randomUUID());
  mkdirSync(join(place, "src"), { recursive: true });
  writeFileSync(join(place, "src", "script.py"), python);
  const file = join(place, "pipeline.yml");
  writeFileSync(
    file,
    [
      "pipeline:",
      "  name: bad",
      "  steps:",
      "    s:",
      "      type: PythonScriptStep",
      "      script_name: script.py",
      "      source_directory: src",
    ]
      .concat(outputs ? [`      outputs: ${outputs}`] : [])
      .join("\n"),
  );
  return file;
}
async function submit(file: string): Promise<RunId> {
  return (await submitFile(workspace.client, file)).run.id;
}
async function stepOf(runId: RunId): Promise<StepResource> {
  const { body } = await workspace.client.call(listSteps, { params: { runId } });
  const [step] = body.steps;
  if (!step) throw new Error("the run has no step");
  return step;
}
async function settled(runId: RunId): Promise<StepResource> {
  await until(
    async () => {
      const { body } = await workspace.client.call(getRun, { params: { runId } });
      return ["Completed", "Failed", "Canceled"].includes(body.status) || undefined;
    },
    "the run to settle",
    40,
  );
  return await stepOf(runId);
}
async function run(python: string, options: Parameters<typeof aScript>[1] = {}): Promise<StepResource> {
  return await settled(await submit(aScript(python, options)));
}
/** A stretch of a step's log as text, byte for byte. */
async function log(step: StepResource, from: number): Promise<string> {
  const { body } = await workspace.client.call(getLog, { params: { runId: step.runId }, query: { path: LOG, from } });
  return Buffer.from(body).toString("latin1");
}
function logFile(step: StepResource): string {
  return join(workspace.stateFolder, "datastores", "workspaceartifactstore", "ExperimentRun", `dcid.${step.runId}_1`, LOG);
}
async function artifacts(step: StepResource): Promise<string[]> {
  const { body } = await workspace.client.call(listArtifacts, { params: { runId: step.runId }, query: { prefix: "outputs/" } });
  return body.files.map(({ path }) => path);
}
async function warnings(step: StepResource): Promise<string> {
  return (await workspace.client.call(getRun, { params: { runId: step.runId } })).body.warnings.join("\n");
}
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
/** Python that leaves a daemon behind: another session, no environment, no open file, and deaf to TERM. It writes its id to a file. */
const daemon = (file: string) => `
import os, signal, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork(): os._exit(0)
    for fd in (0, 1, 2): os.close(fd)
    with open(${JSON.stringify(file)} + ".part", "w") as f: f.write(str(os.getpid()))
    os.rename(${JSON.stringify(file)} + ".part", ${JSON.stringify(file)})
    time.sleep(600)
    os._exit(0)
while not os.path.exists(${JSON.stringify(file)}): time.sleep(0.01)
`;

describe("processes", () => {
  test("a script that is deaf to TERM and leaves a daemon behind is ended with all of it by a cancel", async () => {
    const file = join(folder, crypto.randomUUID());
    const runId = await submit(aScript(`${daemon(file)}signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n`));
    await until(() => existsSync(file) || undefined, "the daemon");

    await workspace.client.call(cancelRun, { params: { runId } });

    expect((await settled(runId)).status).toBe("Canceled");
    expect(isAlive(Number(readFileSync(file, "utf8")))).toBe(false);
  }, 40_000);

  test("a daemon does not outlive the script that went well", async () => {
    const file = join(folder, crypto.randomUUID());

    const step = await run(daemon(file));

    expect(step.status).toBe("Completed");
    await until(() => !isAlive(Number(readFileSync(file, "utf8"))) || undefined, "the daemon to end");
  });

  test.each([
    ["SEGV", "os.kill(os.getpid(), signal.SIGSEGV)", /ended by signal SIGSEGV \(exit code 139\)/],
    ["KILL", "os.kill(os.getpid(), signal.SIGKILL)", /SIGKILL \(exit code 137\).*out of memory/],
    ["KILL of its whole group", "os.killpg(0, signal.SIGKILL)", /killed by SIGKILL/],
  ])("the cause of an end by %s is told, and the log is kept", async (_what, end, cause) => {
    const step = await run(`import os, signal\nprint("before", flush=True)\n${end}\n`);

    expect(step.status).toBe("Failed");
    expect(step.failure?.cause).toMatch(cause);
    expect(await log(step, 0)).toContain("before");
  });
});

describe("logs", () => {
  test("100 MB keep their beginning and their end, and say what is missing", async () => {
    const step = await run(`
import sys
print("FIRST LINE")
for i in range(100): sys.stdout.write(("x" * 99 + "\\n") * 10486)
print("LAST LINE")
sys.exit(3)
`);

    expect(step.failure).toMatchObject({ exitCode: 3, cause: expect.stringContaining("exit code 3") });
    expect(await log(step, 0)).toMatch(/^FIRST LINE\n/);
    expect(await log(step, -100)).toMatch(/LAST LINE\n$/);
    expect(readFileSync(logFile(step)).includes("bytes of this log are left out")).toBe(true);
    expect(statSync(logFile(step)).size).toBeLessThan(64 * MIB + 1024);
  }, 60_000);

  test("bytes that are no UTF-8 stay as they are, and nothing of a log or a message drives a terminal", async () => {
    const file = aScript(`
import sys
sys.stdout.buffer.write(b"caf\\xe9 \\xff \\x1b]0;owned\\x07 \\x1b[2J \\xe2\\x80\\xae turned\\n")
sys.stdout.flush()
from azureml.core import Run
Run.get_context().log("\\x1b[31mname\\u202e", 1)
Run.get_context().fail(error_details="died \\x1b[31mred\\u202e")
`);

    const { code, stdout, stderr } = await workspace.cli(["run", "submit", file, "--watch"], { env: { FORCE_COLOR: "0" } });
    const id = /^[0-9a-f-]{36}$/m.exec(stdout + stderr)?.[0] ?? "";
    const shown = [await workspace.cli(["run", "show", id]), await workspace.cli(["run", "metrics", id])];

    expect(code).toBe(6);
    for (const text of [stdout, stderr, ...shown.flatMap((one) => [one.stdout, one.stderr])])
      expect([ESCAPE, "\u0007", "\u202e"].filter((character) => text.includes(character))).toEqual([]);
    expect(shown[0]?.stdout).toContain("died red");
    const step = await settled(id as RunId);
    expect(await log(step, 0)).toContain("caf\xe9 \xff \x1b]0;owned");
  });

  test("a line of 3 MB is cut where a person reads it", async () => {
    const { code, stdout, stderr } = await workspace.cli([
      "run",
      "submit",
      aScript("import sys\nsys.stdout.write('y' * 3_000_000)\nsys.exit(5)\n"),
      "--watch",
    ]);

    expect(code).toBe(6);
    expect((stdout + stderr).length).toBeLessThan(5_000);
    expect(stdout + stderr).toContain("exit code 5");
  });

  test("a script that closes its output still ends with its exit code", async () => {
    const step = await run("import os, sys\nos.close(1)\nos.close(2)\nos._exit(4)\n");

    expect(step.failure).toMatchObject({ exitCode: 4 });
  });

  test.each([
    ["a syntax error", "def f(:\n", "SyntaxError"],
    ["a module that is not there", "import nosuchmodule\n", "No module named 'nosuchmodule'"],
    ["too little memory", "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))\nx = bytearray(2**30)\n", "MemoryError"],
    [
      "a file that may not grow",
      "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\nwith open('x', 'wb') as f: f.write(b'x' * 5000)\n",
      "File too large",
    ],
  ])("of %s the report shows what Python said, and where to read on", async (_what, python, said) => {
    const { code, stdout, stderr } = await workspace.cli(["run", "submit", aScript(python), "--watch"]);

    expect(code).toBe(6);
    expect(stdout + stderr).toContain("exit code 1");
    expect(stdout + stderr).toContain(said);
    expect(stdout + stderr).toMatch(/next +.*penstock (--state \S+ )?run logs/);
  });
});

describe("files", () => {
  test("a script may delete the folder it runs in, and the one around it; its exit code counts", async () => {
    const wreck = "import os, shutil, sys\nd = os.getcwd()\nshutil.rmtree(os.path.dirname(d) if LAUNCH else d)\nsys.exit(7)\n";

    const inner = await run(`LAUNCH = False\n${wreck}`);
    const outer = await run(`LAUNCH = True\n${wreck}`);

    expect(inner.failure).toMatchObject({ exitCode: 7 });
    expect(outer.failure).toMatchObject({ exitCode: 7 });
  });

  test("what a script does to its snapshot is gone with it", async () => {
    const file = aScript(
      "import os\nassert not os.path.exists('new')\nopen(__file__, 'a').write('raise SystemExit(9)\\n')\nopen('new', 'w')\n",
    );

    const first = await settled(await submit(file));
    const second = await settled(await submit(file));

    expect([first.status, second.status]).toEqual(["Completed", "Completed"]);
  });

  test("a sparse file of a gigabyte costs nothing", async () => {
    const step = await run("import os\nos.makedirs('outputs', exist_ok=True)\nopen('outputs/big', 'wb').truncate(2**30)\n");

    expect(step.status).toBe("Completed");
    expect(await artifacts(step)).toEqual(["outputs/big"]);
  });

  test("an output that was never written is empty", async () => {
    const step = await run("print('nothing')\n", { outputs: "{o: {bind_mode: upload}}" });

    expect(step.status).toBe("Completed");
  });

  test("links out of the job are left out with a warning, and never followed", async () => {
    const step = await run(
      `
import os
o = os.environ["AZUREML_DATAREFERENCE_o"]
for d in ("outputs", o):
    os.makedirs(d, exist_ok=True)
    open(d + "/real", "w").write("r")
    os.symlink("real", d + "/inside")
    os.symlink("/etc/passwd", d + "/outside")
    os.symlink("/etc", d + "/folder")
    os.symlink("itself", d + "/itself")
    os.mkfifo(d + "/pipe")
`,
      { outputs: "{o: {bind_mode: upload}}" },
    );

    expect(step.status).toBe("Completed");
    expect(await artifacts(step)).toEqual(["outputs/inside", "outputs/real"]);
    expect(await warnings(step)).toMatch(/\.\/outputs.*outside/);
    expect(await warnings(step)).toMatch(/output 'o'.*outside/);
    const stored = join(workspace.stateFolder, "datastores", "workspaceblobstore", "azureml", step.runId, "o");
    expect(lstatSync(join(stored, "inside")).isFile()).toBe(true);
    expect(existsSync(join(stored, "outside"))).toBe(false);
  });

  test("a name as long as names can be, and names that say something to a shell, are downloaded", async () => {
    const runId = await submit(
      aScript(
        `
import os
o = os.environ["AZUREML_DATAREFERENCE_o"]
os.makedirs(o, exist_ok=True)
for name in ("x" * 255, "-rf", " lead", "q\\"'\`$x", "caf\\u00e9", "a\\nb"): open(os.path.join(o, name), "w").write("x")
`,
        { outputs: "{o: {}}" },
      ),
    );
    await settled(runId);

    const to = join(folder, crypto.randomUUID());
    const { code, stderr } = await workspace.cli(["run", "outputs", runId, "--download", to]);

    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(["x".repeat(255), "-rf", " lead", "q\"'`$x", "caf\u00e9"].filter((name) => !existsSync(join(to, "s", "o", name)))).toEqual([]);
  });
});

test("a step's token opens its own run, and no other", async () => {
  const other = await run("print('other')\n");

  const step = await run(`
import json, os, urllib.request, urllib.error
def status(method, path, body=None):
    request = urllib.request.Request(os.environ["PENSTOCK_API_URL"] + path, method=method, data=body and json.dumps(body).encode())
    request.add_header("Authorization", "Bearer " + os.environ["PENSTOCK_TOKEN"])
    request.add_header("Content-Type", "application/json")
    try: return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error: return error.code
own, parent, other = os.environ["PENSTOCK_RUN_ID"], os.environ["PENSTOCK_PIPELINE_RUN_ID"], "${other.runId}"
tags = {"tags": {"a": "b"}}
print([
    status("GET", "/api/runs/" + own), status("PATCH", "/api/runs/" + own, tags), status("PATCH", "/api/runs/" + parent, tags),
    status("GET", "/api/runs/" + other), status("PATCH", "/api/runs/" + other, tags), status("POST", "/api/runs/" + other + "/end", {"status": "Failed"}),
    status("GET", "/api/runs"), status("POST", "/api/runs/" + parent + "/cancel"), status("GET", "/api/runs/" + own + "/logs"), status("GET", "/api/workspace"),
])
`);

  expect(await log(step, 0)).toBe("[200, 200, 200, 404, 404, 404, 403, 403, 403, 403]\n");
});

describe("the command line", () => {
  test("a file larger than one answer is downloaded whole", async () => {
    const runId = await submit(
      aScript("import os\nopen(os.environ['AZUREML_DATAREFERENCE_o'] + '/big', 'wb').truncate(70 * 2**20)\n", { outputs: "{o: {}}" }),
    );
    await settled(runId);
    const to = join(folder, crypto.randomUUID());

    const { code } = await workspace.cli(["run", "outputs", runId, "--download", to]);

    expect(code).toBe(0);
    expect(statSync(join(to, "s", "o", "big")).size).toBe(70 * MIB);
  });
});

test("after all of it the workspace answers, and has logged no bug", async () => {
  const { code } = await workspace.cli(["status"]);

  expect(code).toBe(0);
  expect(readFileSync(join(workspace.stateFolder, "logs", "host.log"), "utf8")).not.toMatch(/ error /);
});
