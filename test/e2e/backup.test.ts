import { existsSync, readFileSync, statSync } from "node:fs";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getLog } from "../../shared/api/routes/run-content.ts";
import { getRun, listRuns, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { aPipelineFile, aStateFolder, removeFolder, run, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli/main.js");

let folder = "";
let state = "";
let copy = "";
let restored = "";
const running: TestWorkspace[] = [];
beforeEach(async () => {
  folder = await aStateFolder();
  [state, copy, restored] = [join(folder, "state"), join(folder, "copy"), join(folder, "restored")];
});
afterEach(async () => {
  for (const workspace of running.splice(0))
    if (workspace.process.exitCode === null && workspace.process.signalCode === null) await workspace.end();
  await removeFolder(folder);
});

async function start(stateFolder: string, ...args: string[]): Promise<TestWorkspace> {
  const workspace = await startWorkspace(stateFolder, ["--no-sample", ...args]);
  running.push(workspace);
  return workspace;
}
function penstock(...args: string[]) {
  return run(process.execPath, [CLI, ...args], { cwd: folder });
}
async function ended({ client }: TestWorkspace, runId: RunId, seconds = 40) {
  return await until(
    async () => {
      const body = (await client.call(getRun, { params: { runId } }).catch(() => undefined))?.body;
      return body && ["Completed", "Failed", "Canceled"].includes(body.status) ? body : undefined;
    },
    "the run to end",
    seconds,
  );
}
async function logsOf({ client }: TestWorkspace, runId: RunId): Promise<Record<string, string>> {
  const { body } = await client.call(listSteps, { params: { runId } });
  const texts = body.steps.map(async ({ key, runId: id }) => {
    const log = await client.call(getLog, { params: { runId: id }, query: { path: "user_logs/std_log.txt" } });
    return [key, Buffer.from(log.body).toString("utf8")];
  });
  return Object.fromEntries(await Promise.all(texts));
}

describe("penstock backup", () => {
  test("taken while a run goes on and restored elsewhere has the whole history and every file, and the run reaches an end", async () => {
    const [started, go] = [join(folder, "started"), join(folder, "go")];
    const first = await start(state);
    const { run: done } = await submitFile(
      first.client,
      await aPipelineFile(folder, { one: { command: "echo first" }, two: { command: "echo second", after: ["one"] } }, "done.yml"),
    );
    await ended(first, done.id);
    await mkdir(join(state, "datastores/workspaceblobstore/mine"), { recursive: true });
    await writeFile(join(state, "datastores/workspaceblobstore/mine/data.bin"), Buffer.alloc(3_000_000, 7));
    const steps = {
      busy: { command: `echo started >> ${started}; while [ ! -e ${go} ]; do echo busy; sleep 0.01; done` },
      next: { command: "true", after: ["busy"] },
    };
    const { run: live } = await submitFile(first.client, await aPipelineFile(folder, steps, "live.yml"));
    await until(() => existsSync(started) || undefined, "the step to start");

    const backedUp = await penstock("--state", state, "backup", copy);
    await writeFile(go, "");
    await ended(first, live.id);
    const before = [(await first.client.call(listSteps, { params: { runId: done.id } })).body, await logsOf(first, done.id)];
    await first.end();
    await rm(state, { recursive: true });
    const made = await penstock("--state", restored, "restore", copy);
    const second = await start(restored);
    const after = [(await second.client.call(listSteps, { params: { runId: done.id } })).body, await logsOf(second, done.id)];
    const revived = await ended(second, live.id, 100); // within a minute the reconciler finds that nobody drives it
    const { run: next } = await submitFile(second.client, join(folder, "done.yml"));

    expect(backedUp).toMatchObject({ code: 0, stdout: `${copy}\n` });
    expect(made).toMatchObject({ code: 0, stdout: `${restored}\n` });
    expect(after).toEqual(before);
    expect(readFileSync(join(restored, "datastores/workspaceblobstore/mine/data.bin")).equals(Buffer.alloc(3_000_000, 7))).toBe(true);
    expect(revived.status).toBe("Completed");
    expect(readFileSync(started, "utf8")).toBe("started\nstarted\n"); // once in each workspace
    expect((await second.client.call(listRuns, { query: { limit: 10 } })).body.runs.map(({ id }) => id)).toEqual([
      next.id,
      live.id,
      done.id,
    ]);
    expect((await ended(second, next.id)).status).toBe("Completed");
  }, 240_000);

  test("of a workspace that is written to all the time refers to no file that it lacks", async () => {
    const first = await start(state);
    let stop = false;
    const file = await aPipelineFile(folder, { one: { command: "echo written" } }, "many.yml");
    const submitted: RunId[] = [];
    const submitting = (async () => {
      while (!stop) submitted.push((await submitFile(first.client, file)).run.id);
    })();
    await until(() => (submitted.length > 5 ? true : undefined), "some runs", 30);

    const backedUp = await penstock("--state", state, "backup", copy);
    stop = true;
    await submitting;
    await first.end();
    const made = await penstock("--state", restored, "restore", copy);
    const second = await start(restored);
    const { runs } = (await second.client.call(listRuns, { query: { limit: 1000 } })).body;

    expect([backedUp.code, made.code]).toEqual([0, 0]);
    expect(runs.length).toBeGreaterThan(0);
    for (const { id, status } of runs) if (status === "Completed") expect(await logsOf(second, id)).toEqual({ one: "written\n" });
  }, 120_000);

  test("of a killed workspace with Azurite waits for Azurite's end, and its restored workspace runs beside the original", async () => {
    const killed = await start(state, "--storage", "azurite");
    const file = await aPipelineFile(folder, { one: { command: "echo in Azurite" } }, "one.yml");
    const { run: done } = await submitFile(killed.client, file);
    await ended(killed, done.id);
    const { stdout: azurite } = await run("sh", ["-c", `ps -o pid=,args= --ppid ${killed.process.pid} | grep azurite/main.js`]);
    const pid = Number.parseInt(azurite, 10);

    process.kill(pid, "SIGSTOP"); // it has yet to notice
    await killed.end("SIGKILL");
    const tooEarly = await penstock("--state", state, "backup", copy);
    process.kill(pid, "SIGCONT");
    const backedUp = await until(
      async () => {
        const result = await penstock("--state", state, "backup", copy);
        return result.code === 0 ? result : undefined;
      },
      "Azurite to end",
      20,
    );
    await penstock("--state", restored, "restore", copy);
    const original = await start(state);
    const second = await start(restored);
    const { run: next } = await submitFile(second.client, file);

    expect(tooEarly).toMatchObject({ code: 5, stderr: expect.stringContaining("Azurite still runs on its files") });
    expect(backedUp.stdout).toBe(`${copy}\n`);
    // Not its log: what Azurite was given in the last moments before a kill it may not have kept.
    const { body: restoredRun } = await second.client.call(getRun, { params: { runId: done.id } });
    expect(restoredRun.status).toBe("Completed");
    await original.end(); // what the restored one does is done without it
    expect((await ended(second, next.id)).status).toBe("Completed");
    expect(await logsOf(second, next.id)).toEqual({ one: "in Azurite\n" });
  }, 120_000);

  test("holds no key and no token, and is for its owner alone", async () => {
    const first = await start(state);
    const config = JSON.parse(readFileSync(join(state, "config.json"), "utf8"));
    const secrets = [config.clientSecret, config.stepTokenKey, first.file.token];

    await penstock("--state", state, "backup", copy);
    const found = await Promise.all(secrets.map((secret) => run("grep", ["-rlF", "--", secret, copy])));
    await first.end();
    await penstock("--state", restored, "restore", copy);
    const second = JSON.parse(readFileSync(join(restored, "config.json"), "utf8"));

    expect(found.map(({ stdout }) => stdout)).toEqual(["", "", ""]);
    expect([copy, restored].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
    expect(statSync(join(restored, "config.json")).mode & 0o777).toBe(0o600);
    expect(second).toMatchObject({ tenantId: config.tenantId, subscriptionId: config.subscriptionId });
    expect([second.clientSecret, second.stepTokenKey]).not.toEqual([config.clientSecret, config.stepTokenKey]);
  }, 60_000);

  test("of a workspace that does not run is taken too, and nothing is left of one that fails", async () => {
    const first = await start(state);
    await first.end();

    const stopped = await penstock("--state", state, "backup", copy);
    const again = await penstock("--state", state, "backup", copy);
    const inside = await penstock("--state", state, "backup", join(state, "copy"));
    const nowhere = await penstock("--state", join(folder, "none"), "backup", join(folder, "other"));
    const noFolder = await penstock("--state", state, "backup", join(CLI, "copy"));

    expect(stopped.code).toBe(0);
    expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining(`${copy} is there already`) });
    expect(inside).toMatchObject({ code: 2, stderr: expect.stringContaining("lies in the state folder itself") });
    expect(nowhere).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`${join(folder, "none")} is not a workspace's state folder`),
    });
    expect(noFolder.code).toBe(5);
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  }, 60_000);
});

describe("penstock restore", () => {
  test("refuses what is not whole or of its time, and a folder that something is in, and leaves nothing of it", async () => {
    const first = await start(state);
    await penstock("--state", state, "backup", copy);
    const damaged = async (name: string, damage: (folder: string) => Promise<void>) => {
      await cp(copy, join(folder, name), { recursive: true });
      await damage(join(folder, name));
      return await penstock("--state", restored, "restore", join(folder, name));
    };
    const info = JSON.parse(readFileSync(join(copy, "backup.json"), "utf8"));
    const rewritten = (change: object) => (at: string) => writeFile(join(at, "backup.json"), JSON.stringify({ ...info, ...change }));

    const live = await penstock("--state", state, "restore", copy);
    const results = {
      newerFormat: await damaged("a", rewritten({ format: 2 })),
      newerState: await damaged("b", rewritten({ stateVersion: 2 })),
      newerDatabase: await damaged("c", rewritten({ databaseVersion: 2 })),
      cutList: await damaged("d", async (at) =>
        writeFile(join(at, "files.jsonl"), readFileSync(join(at, "files.jsonl"), "utf8").slice(0, -20)),
      ),
      missing: await damaged("e", (at) => rm(join(at, "state/app/penstock.db"))),
      changed: await damaged("f", (at) => writeFile(join(at, "state/config.json"), "{}")),
      none: await penstock("--state", restored, "restore", folder),
    };

    expect(live).toMatchObject({ code: 5, stderr: expect.stringContaining(`a workspace runs in ${state} (process ${first.process.pid})`) });
    for (const newer of [results.newerFormat, results.newerState, results.newerDatabase])
      expect(newer).toMatchObject({ code: 5, stderr: expect.stringMatching(/was made by a newer Penstock .*\n.*update Penstock/) });
    expect(results.cutList).toMatchObject({ code: 5, stderr: expect.stringContaining("files.jsonl is not as it was") });
    expect(results.missing).toMatchObject({ code: 5, stderr: expect.stringContaining("state/app/penstock.db is missing") });
    expect(results.changed).toMatchObject({ code: 5, stderr: expect.stringContaining("state/config.json is not as it was") });
    expect(results.none).toMatchObject({ code: 3, stderr: expect.stringContaining("is not a backup") });
    expect((await readdir(folder)).filter((name) => name.startsWith("restored"))).toEqual([]);
  }, 60_000);
});
