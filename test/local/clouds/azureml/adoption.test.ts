import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive, mountedAt, TestClient, TestFolders, TOKEN, until } from "./workspace.ts";

const SERVE = fileURLToPath(new URL("serve.ts", import.meta.url));

let folders: TestFolders;
let client: TestClient;
let subscriber: http.Server;
let server: ChildProcess | undefined;
/** Whether the state lies on a disk of its own. */
let small = false;
beforeEach(async () => {
  folders = new TestFolders();
  client = new TestClient(folders, "");
  subscriber = http.createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const events = JSON.parse(text);
    const validationResponse = events[0].data.validationCode;
    if (!validationResponse) await client.receive(events);
    response.end(JSON.stringify({ validationResponse }));
  });
  await new Promise<void>((resolve) => subscriber.listen(0, "127.0.0.1", resolve));
  await start();
  await client.prepare({ "a.sh": "echo from the snapshot\n" });
});
afterEach(async () => {
  for (const job of (await client.arm("GET", "/jobs")).body.value) await client.arm("POST", `/jobs/${job.name}/cancel`);
  await until(async () =>
    (await client.arm("GET", "/jobs")).body.value.every(
      (job: { properties: { status: string } }) => /ed$/.test(job.properties.status) && job.properties.status !== "CancelRequested",
    ),
  );
  await kill();
  client.close();
  subscriber.closeAllConnections();
  subscriber.close();
  if (small) spawnSync("umount", ["-l", folders.state]);
  small = false;
  folders.remove();
});

async function start(): Promise<void> {
  const url = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}`;
  const options = { ...folders.options(), token: TOKEN, eventSink: { url }, cancelGraceMilliseconds: 200, eventHoldMilliseconds: 0 };
  server = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", SERVE, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout as NonNullable<ChildProcess["stdout"]>, "data");
  client.address = String(line).trim();
}

async function kill(): Promise<void> {
  const gone = once(server as ChildProcess, "exit");
  server?.kill("SIGKILL");
  await gone;
}

const outputs = { o: mountedAt("work") };
const inWork = (file: string) => join(folders.blobs, "work", file);
const WAITS = 'echo $$ >> "$AZURE_ML_OUTPUT_o/starts"; until [ -e "$AZURE_ML_OUTPUT_o/go" ]; do sleep 0.01; done; echo ended; exit 7';

async function firstStart(): Promise<number> {
  await until(() => existsSync(inWork("starts")) && readFileSync(inWork("starts"), "utf8").endsWith("\n"));
  return Number(readFileSync(inWork("starts"), "utf8").split("\n")[0]);
}

function starts(): number {
  return readFileSync(inWork("starts"), "utf8").trim().split("\n").length;
}

describe("a job whose server was killed", () => {
  test("is taken over while it runs, with a log that has no gap", async () => {
    await client.putJob("outlives", { command: `echo begun; ${WAITS}`, outputs });
    await firstStart();

    await kill();
    await start();
    folders.write("work/go", "");
    await client.ended("outlives");

    expect(starts()).toBe(1);
    expect(folders.log("outlives")).toBe("begun\nended\n");
    expect((await client.details("outlives")).error.error.message).toContain("exit code 7");
  });

  test("may end meanwhile", async () => {
    await client.putJob("ends-alone", { command: WAITS, outputs });
    const pid = await firstStart();

    await kill();
    folders.write("work/go", "");
    await until(async () => !(await isAlive(pid)));
    await start();
    await client.ended("ends-alone");

    expect(starts()).toBe(1);
    expect((await client.details("ends-alone")).error.error.message).toContain("exit code 7");
  });

  test("may end meanwhile on a full disk, and its exit code is kept", async ({ skip }) => {
    await kill();
    small = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folders.state]).status === 0;
    await start();
    skip(!small, "this user cannot mount a small disk");
    await client.prepare({ "a.sh": "echo from the snapshot\n" });
    await client.putJob("no-room", { command: WAITS, outputs });
    const pid = await firstStart();

    await kill();
    const ballast = join(folders.state, "ballast");
    spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]);
    folders.write("work/go", "");
    await until(async () => !(await isAlive(pid)));
    rmSync(ballast);
    await start();
    await client.ended("no-room");

    expect((await client.details("no-room")).error.error.message).toContain("exit code 7");
  });

  test("can be canceled afterwards", async () => {
    await client.putJob("late", { command: WAITS, outputs });
    const pid = await firstStart();

    await kill();
    await start();
    await client.arm("POST", "/jobs/late/cancel");
    await client.ended("late");

    expect(await client.status("late")).toBe("Canceled");
    expect(await isAlive(pid)).toBe(false);
  });

  test("is canceled when that was asked for before", async () => {
    await client.putJob("asked", { command: `sh -c 'trap "" TERM; ${WAITS}'`, outputs });
    const pid = await firstStart();
    await client.arm("POST", "/jobs/asked/cancel");

    await kill();
    await start();
    await client.ended("asked");

    expect(await client.status("asked")).toBe("Canceled");
    expect(await isAlive(pid)).toBe(false);
  });

  test("fails when it died too, and nothing of it is left", async () => {
    await client.putJob("dies", { command: `sleep 600 & echo $! > "$AZURE_ML_OUTPUT_o/child"; ${WAITS}`, outputs });
    const pid = await firstStart();
    const child = Number(readFileSync(inWork("child"), "utf8"));

    await kill();
    process.kill(pid, "SIGKILL");
    await until(async () => !(await isAlive(pid)));
    await start();
    await client.ended("dies");

    expect((await client.details("dies")).error.error.message).toContain("has disappeared without an exit code");
    expect(await isAlive(child)).toBe(false);
    expect(starts()).toBe(1);
  });

  test("is not mistaken for a process that got its id", async () => {
    const stranger = spawn("sleep", ["600"], { stdio: "ignore" });
    await client.putJob("mistaken", { command: WAITS, outputs });
    const pid = await firstStart();

    await kill();
    process.kill(pid, "SIGKILL");
    await until(async () => !(await isAlive(pid)));
    changeState("mistaken", (state) => ({ ...state, process: { ...(state["process"] as object), id: stranger.pid } }));
    await start();
    await client.ended("mistaken");

    expect(await client.status("mistaken")).toBe("Failed");
    expect(await isAlive(stranger.pid ?? 0)).toBe(true);
    stranger.kill();
  });

  test("waits for its node as before", async () => {
    await client.putCluster(1);
    await client.putJob("runs", { command: WAITS, outputs });
    await client.putJob("waits", { command: "echo later" });
    await firstStart();

    await kill();
    await start();
    const status = await client.status("waits");
    folders.write("work/go", "");
    await client.ended("waits");

    expect(status).toBe("Queued");
    expect(folders.log("waits")).toBe("later\n");
  });
});

describe("a launch that was stored and not made", () => {
  test("is made after all", async () => {
    await client.putJob("was-stored", { command: "echo once" });
    await client.ended("was-stored");
    await kill();
    changeState("was-stored", ({ endedAt, ...state }) => ({
      ...state,
      status: "Starting",
      launch: 2,
      marker: "0123456789abcdef",
      tidied: false,
    }));

    await start();
    await client.event(
      ({ data, eventTime }) =>
        data["runId"] === "was-stored" &&
        data["runStatus"] === "Completed" &&
        folders.log("was-stored") === "once\nonce\n" &&
        eventTime !== "",
    );

    expect(folders.log("was-stored")).toBe("once\nonce\n");
  });

  test("runs its command once, even if two come to make it", async () => {
    await client.putJob("claimed", { command: WAITS, outputs });
    const pid = await firstStart();
    await kill();
    // As if nothing were known of the process: the claim in its folder still is.
    changeState("claimed", ({ process, startedAt, ...state }) => ({ ...state, status: "Starting" }));

    await start();
    folders.write("work/go", "");
    await client.ended("claimed");

    expect(starts()).toBe(1);
    expect(await isAlive(pid)).toBe(false);
  });
});

test("events that were not acknowledged are sent after a restart", async () => {
  subscriber.closeAllConnections();
  const address = subscriber.address() as AddressInfo;
  await new Promise((resolve) => subscriber.close(resolve));
  await client.putJob("untold", {});
  await until(async () => (await client.status("untold")) === "Completed");
  await kill();

  await new Promise<void>((resolve) => subscriber.listen(address.port, "127.0.0.1", resolve));
  await start();
  await client.ended("untold");

  expect(client.told("untold").at(-1)).toBe("Completed");
});

test("a database of a newer release is left alone", async () => {
  await kill();
  const database = new DatabaseSync(join(folders.state, "azureml.db"));
  database.exec("PRAGMA user_version = 99");
  database.close();
  const { createAzureMl } = await import("../../../../local/clouds/azureml/azureml.ts");

  await expect(createAzureMl(folders.options())).rejects.toThrow("newer release");

  const again = new DatabaseSync(join(folders.state, "azureml.db"));
  again.exec("PRAGMA user_version = 1");
  again.close();
  await start();
});

/** Rewrites what a killed server had stored of a job. */
function changeState(job: string, change: (state: Record<string, unknown>) => object): void {
  const database = new DatabaseSync(join(folders.state, "azureml.db"));
  const row = database.prepare("SELECT state FROM jobs WHERE name = ?").get(job);
  const state = JSON.stringify(change(JSON.parse(String(row?.["state"]))));
  database.prepare("UPDATE jobs SET state = ?, open = 1 WHERE name = ?").run(state, job);
  database.close();
}

test("a job goes on when only what started it was killed", async () => {
  await client.putJob("helperless", { command: WAITS, outputs });
  await firstStart();

  process.kill(JSON.parse(readFileSync(join(folders.state, "launcher.json"), "utf8")).id, "SIGKILL");
  folders.write("work/go", "");
  await client.ended("helperless");

  expect(starts()).toBe(1);
  expect((await client.details("helperless")).error.error.message).toContain("exit code 7");
});

test("a server killed at any moment around a submit loses no job and runs none twice", async () => {
  const properties = (name: string) => ({ command: `echo $$ >> "$AZURE_ML_OUTPUT_o/${name}"`, outputs });
  const names: string[] = [];
  for (const milliseconds of [0, 3, 6, 12, 25, 50]) {
    const batch = [0, 1, 2].map((index) => `at-${milliseconds}-${index}`);
    names.push(...batch);
    // The answer may be lost, as to any client of a server that dies: it asks again.
    const first = batch.map((name) => client.putJob(name, properties(name)).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await kill();
    await Promise.all(first);
    await start();
    for (const name of batch) expect([200, 201]).toContain((await client.putJob(name, properties(name))).status);
  }

  await Promise.all(names.map((name) => client.ended(name)));

  const counts = names.map((name) => readFileSync(inWork(name), "utf8").trim().split("\n").length);
  expect(counts).toEqual(names.map(() => 1));
});
