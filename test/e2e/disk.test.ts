import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getRun, listRuns } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import {
  aPipelineFile,
  aPort,
  aStateFolder,
  type Ended,
  processesWith,
  removeFolder,
  run,
  startWorkspace,
  type TestWorkspace,
  until,
} from "../support/workspace.ts";

const START = join(import.meta.dirname, "../../dist/local/start.js");
let folder = "";
let sound = "";
let state = "";
/** Runs of the sound state, the newest first. */
const runs: RunId[] = [];
let workspace: TestWorkspace | undefined;
const mounted: string[] = [];

beforeAll(async () => {
  folder = await aStateFolder();
  [sound, state] = [join(folder, "sound"), join(folder, "state")];
  const first = await startWorkspace(sound);
  for (const name of ["one", "two"]) {
    const { run: made } = await submitFile(first.client, await aPipelineFile(folder, { [name]: { command: "true" } }, `${name}.yml`));
    await completed(first, made.id);
    runs.unshift(made.id);
  }
  await first.end();
}, 60_000);
afterAll(() => removeFolder(folder));
afterEach(async () => {
  if (workspace?.process.exitCode === null && workspace.process.signalCode === null) await workspace.end();
  workspace = undefined;
  for (const path of mounted.splice(0)) spawnSync("umount", ["-l", path]);
  await rm(state, { recursive: true, force: true });
});

async function completed({ client }: TestWorkspace, runId: RunId, seconds = 40): Promise<void> {
  const status = async () => (await client.call(getRun, { params: { runId } }).catch(() => undefined))?.body.status;
  await until(async () => (await status()) === "Completed" || undefined, "the run to complete", seconds);
}
/** A workspace that has been used and stopped, after `damage`. */
async function aState(damage: (state: string) => void = () => {}): Promise<void> {
  await cp(sound, state, { recursive: true });
  damage(state);
}
async function npmStart(stateFolder = state): Promise<Ended> {
  return await run(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    START,
    "--no-sample",
    "--state",
    stateFolder,
    "--port",
    String(await aPort()),
  ]);
}
/** Says no where this user or this system cannot mount. */
function mount(...args: string[]): boolean {
  const path = args.at(-1) ?? "";
  if (spawnSync("mount", args).status !== 0) return false;
  mounted.push(path);
  return true;
}
function makeReadOnly(path: string): boolean {
  return mount("--bind", path, path) && spawnSync("mount", ["-o", "remount,ro,bind", path]).status === 0;
}
function change(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}
function garbage(path: string): (at: string) => void {
  return (at) => {
    for (const suffix of ["-wal", "-shm"]) if (existsSync(join(at, path + suffix))) truncateSync(join(at, path + suffix), 0);
    writeFileSync(join(at, path), "this was never a database ".repeat(400));
  };
}
function truncated(path: string): (at: string) => void {
  return (at) => {
    change(join(at, path), "PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE)");
    truncateSync(join(at, path), Math.floor(statSync(join(at, path)).size / 2));
  };
}

describe("npm start refuses, saying which file, what is wrong and the way out:", () => {
  const [app, host] = [() => join(state, "app/penstock.db"), () => join(state, "host/durable.sqlite")];
  const [restoreIt, moveIt] = [
    "restore a backup, or move it away, with the -wal and -shm beside it, to begin anew.",
    "Move it away, with the -wal beside it: it is made anew, and what had not ended is begun again from the app's own store.",
  ];

  test.each<[string, (at: string) => void, () => string]>([
    [
      "the app's database is damaged",
      garbage("app/penstock.db"),
      () => `the database ${app()} is damaged (file is not a database); ${restoreIt}`,
    ],
    [
      "the app's database is cut",
      truncated("app/penstock.db"),
      () => `the database ${app()} is damaged (database disk image is malformed); ${restoreIt}`,
    ],
    [
      "the host's database is damaged",
      garbage("host/durable.sqlite"),
      () => `the durable state ${host()} is damaged (file is not a database). ${moveIt}`,
    ],
    [
      "the host's database is cut",
      truncated("host/durable.sqlite"),
      () => `the durable state ${host()} is damaged (database disk image is malformed). ${moveIt}`,
    ],
    [
      "the jobs' database is damaged",
      garbage("clouds/azureml/azureml.db"),
      () =>
        `${join(state, "clouds/azureml/azureml.db")} cannot be used (file is not a database); it is damaged: restore a backup, or move it away, with the -wal and -shm beside it, to begin it anew.`,
    ],
    [
      "the app's database is of a newer release",
      (at) => change(join(at, "app/penstock.db"), "PRAGMA user_version = 99"),
      () =>
        `the database ${app()} has format 99 and this release knows up to 1; start the newer release that wrote it, or use another state folder.`,
    ],
    [
      "the host's database is of a newer release",
      (at) => change(join(at, "host/durable.sqlite"), "PRAGMA user_version = 99"),
      () =>
        `the durable state ${host()} is of version 99; this program knows versions up to 1. Update the program, or start it with another state folder.`,
    ],
    [
      "the state folder is of a newer release",
      (at) => writeFileSync(join(at, "config.json"), '{"stateVersion": 99}'),
      () =>
        `the state folder ${state} was written by a newer Penstock (state version 99, this one reads 1).\n  To do: update Penstock, or choose another folder with --state.`,
    ],
  ])("%s", async (_, damage, message) => {
    await aState(damage);

    const { code, stderr } = await npmStart();

    expect(stderr).toContain(`Penstock cannot start: ${message()}`);
    expect(stderr).not.toContain("    at ");
    expect(code).toBe(1);
    expect(await processesWith(state)).toEqual([]);
  });

  test("a file is in the way of the state folder", async () => {
    writeFileSync(join(folder, "file"), "");

    const { code, stderr } = await npmStart(join(folder, "file", "state"));

    expect(stderr).toMatch(
      /^Penstock cannot start: cannot make the state folder .*file\/state: ENOTDIR.*\n {2}To do: give it room and rights, or choose another with --state\./m,
    );
    expect(code).toBe(1);
  });

  test.for<[string, (at: string) => string]>([
    ["", (at: string) => `cannot make the state folder ${at}: EROFS`],
    ["host", () => "EROFS: read-only file system, open"],
    [
      "app",
      (at: string) =>
        `the database ${at}/penstock.db cannot be opened; see that its folder exists and that this user may write to it and to the file.`,
    ],
    ["clouds", (at: string) => `EROFS: read-only file system, chmod '${at}/entra/keys.json'`],
    ["clouds/azureml", (at: string) => `${at}/azureml.db cannot be used (`],
    ["clouds/entra", (at: string) => `EROFS: read-only file system, chmod '${at}/keys.json'`],
    ["datastores", (at: string) => `EROFS: read-only file system, open '${at}/.staging/`],
    ["logs", (at: string) => `EROFS: read-only file system, open '${at}/`],
  ])("nothing can be written to its folder '%s'", { timeout: 30_000 }, async ([part, message], { skip }) => {
    await aState();
    const path = join(state, part);
    skip(!makeReadOnly(path), "this user cannot mount a folder read-only");

    const { code, stderr } = await npmStart();

    expect(stderr).toContain(`Penstock cannot start: ${message(path)}`);
    expect(stderr).not.toContain("    at ");
    expect(code).toBe(1);
    expect(await processesWith(state)).toEqual([]);
  });

  test("a host that does not answer has it", async () => {
    await aState();
    workspace = await startWorkspace(state);
    const { pid = 0 } = workspace.process;
    const before = readFileSync(join(state, "config.json"), "utf8");
    process.kill(pid, "SIGSTOP");

    const { code, stderr } = await npmStart();
    process.kill(pid, "SIGCONT");

    expect(stderr).toContain(
      `Penstock cannot start: The state folder ${join(state, "host")} is in use by another host (process ${pid}); stop that one, or choose another folder.`,
    );
    expect(code).toBe(1);
    expect(readFileSync(join(state, "config.json"), "utf8")).toBe(before);
  }, 30_000);
});

describe("a workspace with a damaged document", () => {
  test.each([
    ["that is no JSON", "substr(body, 1, 40)"],
    ["that is of no known shape", "json_remove(body, '$.experimentName')"],
  ])(
    "%s of one run shows and drives all others, and names that one",
    async (_, damaged) => {
      const [newest, oldest] = runs;
      await aState((at) =>
        change(join(at, "app/penstock.db"), `UPDATE documents SET body = ${damaged} WHERE pk = 'runs' AND sk = '${oldest}'`),
      );
      workspace = await startWorkspace(state);
      const { client } = workspace;

      const { body } = await client.call(listRuns, { query: { limit: 10 } });
      const failed = await client.call(listRuns, { query: { limit: 10, status: "Failed" } });
      const shown = await workspace.cli(["run", "list"]);
      const { run: next } = await submitFile(client, join(folder, "one.yml"));
      await completed(workspace, next.id);

      expect(body.runs.map(({ id }) => id)).toEqual([newest]);
      expect(body.unreadable).toEqual([
        { id: oldest, cause: expect.stringContaining(`document runs/${oldest} is not as this release reads it`) },
      ]);
      expect(failed.body.runs).toEqual([]);
      expect(shown).toMatchObject({ code: 0, stderr: expect.stringMatching(`warning run ${oldest} cannot be read: .*; restore a backup`) });
    },
    60_000,
  );
});

describe("a disk that fills up while a run goes on", () => {
  test("costs nothing that was acknowledged, and the run goes on without a restart once there is room", async ({ skip }) => {
    mkdirSync(state);
    skip(!mount("-t", "tmpfs", "-o", "size=24m", "tmpfs", state), "this user cannot mount a small disk");
    const files = join(folder, "files");
    mkdirSync(files, { recursive: true });
    const [started, go] = [join(files, "started"), join(files, "go")];
    const running = await startWorkspace(state);
    workspace = running;
    const file = await aPipelineFile(files, {
      waits: { command: `echo started >> ${started}; while [ ! -e ${go} ]; do sleep 0.05; done` },
      follows: { command: `echo follows >> ${started}`, after: ["waits"] },
    });
    const { run: live } = await submitFile(running.client, file);
    await until(() => existsSync(started) || undefined, "the step to start");

    const ballast = join(state, "ballast");
    spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]);
    const refused = await until(async () => {
      const answer = await submitRaw(running);
      return answer.status === 503 ? answer : undefined;
    }, "a submit to be refused");
    writeFileSync(go, "");
    const meanwhile = await until(
      async () => (await running.client.call(getRun, { params: { runId: live.id } }).catch(() => undefined))?.body.status,
      "the run to be shown",
    );
    await until(() => running.output().includes("The durable state cannot be written") || undefined, "the log to tell", 90);
    await rm(ballast);
    await completed(running, live.id, 120);
    const { run: next } = await submitFile(running.client, join(folder, "one.yml"));
    await completed(running, next.id);

    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(meanwhile).toBe("Running");
    expect(readFileSync(started, "utf8")).toBe("started\nfollows\n");
    expect(readFileSync(join(state, "logs/host.log"), "utf8")).toContain("The durable state can be written again");
  }, 240_000);
});

/** A submit that is sent once. */
async function submitRaw({ file }: TestWorkspace): Promise<Response> {
  return await fetch(`${file.address}/api/runs`, {
    method: "POST",
    headers: { authorization: `Bearer ${file.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      experimentName: "refused",
      pipeline: { name: "refused", steps: [{ key: "a", type: "CommandStep", command: ["true"] }] },
    }),
  });
}
