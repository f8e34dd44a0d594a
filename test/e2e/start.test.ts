import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getRun, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import {
  aPipelineFile,
  aPort,
  aStateFolder,
  processesWith,
  removeFolder,
  run,
  startWorkspace,
  type TestWorkspace,
  until,
} from "../support/workspace.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folders: string[] = [];
const running: TestWorkspace[] = [];
afterEach(async () => {
  for (const workspace of running.splice(0))
    if (workspace.process.exitCode === null && workspace.process.signalCode === null) await workspace.end();
  for (const folder of folders.splice(0)) await removeFolder(folder);
});

async function aFolder(): Promise<string> {
  const folder = await aStateFolder();
  folders.push(folder);
  return folder;
}
async function start(...args: Parameters<typeof startWorkspace>): Promise<TestWorkspace> {
  const workspace = await startWorkspace(...args);
  running.push(workspace);
  return workspace;
}
function npmStart(args: string[], env: Record<string, string> = {}) {
  return run(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "dist/local/start.js"), ...args], { env });
}
async function settled(workspace: TestWorkspace, runId: RunId) {
  return await until(async () => {
    const { body } = await workspace.client.call(getRun, { params: { runId } });
    return ["Completed", "Failed", "Canceled"].includes(body.status) ? body : undefined;
  }, "the run to settle");
}

describe("npm start", () => {
  test("with --once runs the sample and leaves nothing behind", async () => {
    const folder = await aFolder();

    const { code, stdout } = await npmStart(["--state", folder, "--port", String(await aPort()), "--once"]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/✔ iris completed after/);
    expect(existsSync(join(folder, "workspace.json"))).toBe(false);
    expect(await processesWith(folder)).toEqual([]);
    // Each database is one whole file again.
    expect(
      ["app/penstock.db-wal", "host/durable.sqlite-wal", "clouds/azureml/azureml.db-wal"].filter((file) => existsSync(join(folder, file))),
    ).toEqual([]);
  }, 60_000);

  test("keeps its secrets from other users", async () => {
    const folder = await aFolder();
    await start(folder);

    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of ["workspace.json", "config.json", "logs/host.log"]) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  }, 30_000);

  test("a second start on the same folder finds the first", async () => {
    const folder = await aFolder();
    const first = await start(folder);

    const second = await npmStart(["--state", folder]);

    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining(first.file.address) });
  }, 30_000);

  test("keeps its port, and moves when another program has it", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const port = Number(new URL(first.file.address).port);
    await first.end();

    const again = await start(folder);
    expect(again.file.address).toBe(first.file.address);
    await again.end();
    const other = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const moved = await start(folder);

    expect(moved.file.address).not.toBe(first.file.address);
    await until(() => moved.output().includes(`Port ${port} is in use by another program`) || undefined, "the notice of the move");
    await new Promise((resolve) => other.close(resolve));
  }, 60_000);

  test("Ctrl-C ends within 2 s and leaves no process; the job goes on at the next start, and the run completes", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const [started, go] = [join(folder, "started"), join(folder, "go")];
    const file = await aPipelineFile(folder, {
      slow: { command: `echo started >> ${started}; while [ ! -e ${go} ]; do sleep 0.05; done` },
      after: { command: "true", after: ["slow"] },
    });
    const { run: submitted } = await submitFile(first.client, file);
    await until(() => existsSync(started) || undefined, "the step to start");

    const { ms } = await first.end("SIGINT");

    expect(ms).toBeLessThan(2000);
    expect(await processesWith(folder)).toEqual([]);
    const second = await start(folder);
    await until(() => readFileSync(started, "utf8").split("\n").length === 3 || undefined, "the step to start again");
    await run("touch", [go]);
    expect((await settled(second, submitted.id)).status).toBe("Completed");
  }, 60_000);

  test("refuses to move while jobs of the workspace hold its address", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const port = Number(new URL(first.file.address).port);
    const started = join(folder, "started");
    await submitFile(first.client, await aPipelineFile(folder, { slow: { command: `echo started >> ${started}; sleep 600` } }));
    await until(() => existsSync(started) || undefined, "the step to start");
    await first.end();
    const other = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));

    const refused = await npmStart(["--state", folder]);

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`on port ${port}, which is in use by another program`);
    expect(readFileSync(started, "utf8")).toBe("started\n");
    expect(await processesWith(folder)).toEqual([]);
    await new Promise((resolve) => other.close(resolve));
  }, 60_000);

  test("a start that is refused leaves a job alone that outlived the last one", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const [started, go] = [join(folder, "started"), join(folder, "go")];
    const file = await aPipelineFile(folder, {
      slow: { command: `echo started >> ${started}; while [ ! -e ${go} ]; do sleep 0.05; done` },
    });
    const { run: submitted } = await submitFile(first.client, file);
    await until(() => existsSync(started) || undefined, "the step to start");
    await first.end("SIGKILL");

    const refused = await npmStart(["--state", folder, "--port", String(await aPort())]);
    const second = await start(folder);
    await run("touch", [go]);

    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("start without --port") });
    expect((await settled(second, submitted.id)).status).toBe("Completed");
    expect(readFileSync(started, "utf8")).toBe("started\n");
  }, 60_000);

  test("with --once refuses a folder on which a workspace runs", async () => {
    const folder = await aFolder();
    await start(folder);

    const { code, stderr } = await npmStart(["--state", folder, "--once"]);

    expect(code).toBe(1);
    expect(stderr).toContain("--state");
  }, 30_000);

  test("when everything is killed, the job runs on, is adopted at the next start and is not run again", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const [started, go] = [join(folder, "started"), join(folder, "go")];
    const file = await aPipelineFile(folder, {
      slow: { command: `echo started >> ${started}; while [ ! -e ${go} ]; do sleep 0.05; done; echo over` },
      after: { command: "true", after: ["slow"] },
    });
    const { run: submitted } = await submitFile(first.client, file);
    await until(() => existsSync(started) || undefined, "the step to start");

    await first.end("SIGKILL");
    const second = await start(folder);
    await run("touch", [go]);
    const ended = await settled(second, submitted.id);

    expect(ended.status).toBe("Completed");
    expect(readFileSync(started, "utf8")).toBe("started\n");
    const { body } = await second.client.call(listSteps, { params: { runId: submitted.id } });
    expect(body.steps.map((step) => [step.key, step.status, step.attempt])).toEqual([
      ["slow", "Completed", 1],
      ["after", "Completed", 1],
    ]);
  }, 60_000);

  test.each([
    [["--port", "80"], /a port is a number from 1024 to 65535/],
    [["--storage", "tape"], /Allowed choices are local/],
    [["--what"], /unknown option/],
  ])("refuses %j", async (args, text) => {
    const { code, stderr } = await npmStart(args);

    expect(code).toBe(2);
    expect(stderr).toMatch(text);
  });

  test("says so when there is no Python to run steps with, and starts all the same", async () => {
    const folder = await aFolder();

    const workspace = await start(folder, ["--no-sample"], { PENSTOCK_LOCAL_PYTHON: "no-such-python" });

    expect(await until(() => /no-such-python was not found.*/.exec(workspace.output())?.[0], "the warning")).toContain(
      "install Python 3.9 or newer",
    );
  }, 30_000);

  test("explains itself", async () => {
    const { code, stdout } = await npmStart(["--help"]);

    expect(code).toBe(0);
    for (const word of ["--state", "--port", "--storage", "--once", "Ctrl-C"]) expect(stdout).toContain(word);
  });

  test("refuses a state folder that a newer release wrote", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    await first.end();
    const file = join(folder, "config.json");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(file, readFileSync(file, "utf8").replace('"stateVersion": 1', '"stateVersion": 99'));

    const refused = await npmStart(["--state", folder]);

    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("newer Penstock") });
  }, 30_000);
});
