import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterEach, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getLog } from "../../shared/api/routes/run-content.ts";
import { getRun, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { aPipelineFile, aPort, aStateFolder, removeFolder, run, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const AZURITE = ["--no-sample", "--storage", "azurite"];
const LOG = "user_logs/std_log.txt";
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
function npmStart(args: string[]) {
  return run(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "dist/local/start.js"), ...args]);
}
async function settled({ client }: TestWorkspace, runId: RunId) {
  return await until(async () => {
    const { body } = await client.call(getRun, { params: { runId } });
    return ["Completed", "Failed", "Canceled"].includes(body.status) ? body : undefined;
  }, "the run to settle");
}
async function stepRun({ client }: TestWorkspace, runId: RunId): Promise<RunId> {
  return await until(async () => {
    const { body } = await client.call(listSteps, { params: { runId } });
    return body.steps[0]?.runId;
  }, "the step to begin");
}
/** The account that the workspace's state folder names. */
function storageOf(folder: string): BlobServiceClient {
  return BlobServiceClient.fromConnectionString(readFileSync(join(folder, "azurite", "connection-string.txt"), "utf8").trim());
}

describe("npm start with --storage azurite", () => {
  test("runs the sample with its blobs in Azurite, and leaves no process behind", async () => {
    const folder = await aFolder();

    const { code, stdout } = await npmStart(["--state", folder, "--port", String(await aPort()), "--once", "--storage", "azurite"]);

    const endpoint = /Data +(http:\/\/127\.0\.0\.1:\d+\/penstock)\/workspaceblobstore/.exec(stdout)?.[1] ?? "";
    expect(stdout).toMatch(/✔ iris completed after/);
    expect(code).toBe(0);
    expect(existsSync(join(folder, "datastores"))).toBe(false);
    expect(readFileSync(join(folder, "azurite", "blobs.json"), "utf8")).toContain("iris/iris.csv");
    await expect(fetch(endpoint)).rejects.toThrow();
  }, 60_000);

  test("shows a log while its step runs, goes on after Ctrl-C with the same account, and keeps what was written", async () => {
    const folder = await aFolder();
    const first = await start(folder, AZURITE);
    const go = join(folder, "go");
    const file = await aPipelineFile(folder, { slow: { command: `echo begun; while [ ! -e ${go} ]; do sleep 0.02; done; echo over` } });
    const { run: submitted } = await submitFile(first.client, file);
    const stepRunId = await stepRun(first, submitted.id);
    const account = storageOf(folder).url;

    const early = await first.client.call(getLog, { params: { runId: stepRunId }, query: { path: LOG, from: 0, waitSeconds: 20 } });
    const { ms } = await first.end("SIGINT");
    const second = await start(folder);
    await run("touch", [go]);
    const ended = await settled(second, submitted.id);

    expect(Buffer.from(early.body).toString("utf8")).toBe("begun\n");
    expect(ms).toBeLessThan(2000);
    expect(storageOf(folder).url).toBe(account);
    expect(ended.status).toBe("Completed");
  }, 60_000);

  test("starts Azurite again when it is killed, with what it had saved", async () => {
    const folder = await aFolder();
    const workspace = await start(folder, AZURITE);
    const container = storageOf(folder).getContainerClient("workspaceblobstore");
    await container.createIfNotExists();
    await container.getBlockBlobClient("kept").upload("x", 1);
    await until(() => (readFileSync(join(folder, "azurite", "blobs.json"), "utf8").includes('"kept"') ? true : undefined), "a save");

    const { stdout } = await run("sh", ["-c", `ps -o pid=,args= --ppid ${workspace.process.pid} | grep azurite/main.js`]);
    process.kill(Number.parseInt(stdout, 10), "SIGKILL");
    const { run: submitted } = await submitFile(workspace.client, await aPipelineFile(folder, { a: { command: "echo hello" } }));

    expect((await settled(workspace, submitted.id)).status).toBe("Completed");
    expect(await container.getBlockBlobClient("kept").exists()).toBe(true);
  }, 60_000);

  test("refuses another storage than the workspace has", async () => {
    const folder = await aFolder();
    const workspace = await start(folder, AZURITE);
    await workspace.end();

    const refused = await npmStart(["--state", folder, "--storage", "local"]);

    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("keeps its blobs in Azurite") });
    expect(refused.stderr).toContain("--storage azurite");
  }, 30_000);
});
