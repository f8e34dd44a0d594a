import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { processTable } from "../../../local/clouds/azureml/jobs/processes.ts";
import { workspaceId } from "../../../local/clouds/azureml/jobs/run-status-event.ts";
import type { CloudsConfig } from "../../../local/clouds/config.ts";
import { listenOnLoopback } from "../../../local/clouds/loopback-server.ts";
import { aWorkspace, identityToken, SECRETS } from "./workspace-of-clouds.ts";

interface Said {
  ready?: boolean;
  error?: string;
  address: string;
  port: number;
  liveJobs: number;
}

let program = "";

beforeAll(async () => {
  program = join(await mkdtemp(join(tmpdir(), "clouds-program-")), "main.mjs");
  const require = 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';
  await build({
    entryPoints: [fileURLToPath(new URL("../../../local/clouds/main.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: require },
  });
});
afterAll(() => rm(join(program, ".."), { recursive: true, force: true }));

const exitOf = async (child: ChildProcess) => (child.exitCode === null ? (await once(child, "exit"))[0] : child.exitCode) as number | null;

/** The program, told its configuration by message, and the first thing that it says. */
async function start(config: unknown, { waits = false } = {}) {
  const child = fork(program, [], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: ["--disable-warning=ExperimentalWarning"] });
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  onTestFinished(async () => {
    if (child.connected) child.send({ stop: true, preempt: true });
    await exitOf(child);
  });
  child.send(config as object);
  const [said] = (await once(child, "message")) as [Said];
  if (!waits && child.connected) child.send({ startWaiting: true });
  return { child, said, errors: () => errors };
}

/** Submits a command over ARM. */
async function submit(config: CloudsConfig, address: string, command: string): Promise<string> {
  const key = `${randomUUID()}_1`;
  const headers = { authorization: `Bearer ${await identityToken(address)}`, "content-type": "application/json" };
  const put = async (path: string, properties: object) => {
    const url = `${address}${workspaceId(config.workspace)}/${path}?api-version=2024-04-01`;
    const response = await fetch(url, { method: "PUT", headers, body: JSON.stringify({ properties }) });
    if (!response.ok) throw new Error(await response.text());
  };
  await put("environments/plain/versions/1", { image: "mcr.example/base:1" });
  await put(`jobs/${key}`, {
    jobType: "Command",
    command,
    environmentId: `${workspaceId(config.workspace)}/environments/plain/versions/1`,
    computeId: `${workspaceId(config.workspace)}/computes/cpu-cluster`,
  });
  return key;
}

/** A command that says its process's id in a file, and then waits until it is let go by another. */
function aWaitingCommand(home: string) {
  const [pidFile, goFile] = [join(home, `pid-${randomUUID()}`), join(home, `go-${randomUUID()}`)];
  const command = `echo $$ >> '${pidFile}'; while [ ! -e '${goFile}' ]; do sleep 0.05; done`;
  const pids = () => (existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim().split("\n").map(Number) : []);
  const started = (count: number) => vi.waitFor(() => expect(pids()).toHaveLength(count), { timeout: 15_000, interval: 10 });
  return { command, pids, started, letGo: () => writeFileSync(goFile, "") };
}

const lives = async (pid: number | undefined) => (await processTable.find(pid ?? 0)) !== undefined;

describe("the process of the stand-ins", () => {
  test("answers on one address for all, runs jobs, and tells the app of jobs and blobs", async () => {
    const { app, config, home } = await aWorkspace();
    const { said } = await start(config);
    const file = join(home, "done");

    const key = await submit(config, said.address, `echo "$AZUREML_RUN_ID" > '${file}'`);
    await app.event(({ data }) => data["runId"] === key && data["runStatus"] === "Completed");
    mkdirSync(join(config.datastoresRoot, "workspaceblobstore"), { recursive: true });
    writeFileSync(join(config.datastoresRoot, "workspaceblobstore", "dropped.csv"), "1");
    const blob = await app.event(({ subject }) => subject.endsWith("dropped.csv"));

    expect(said).toEqual({
      ready: true,
      address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      port: expect.any(Number),
      liveJobs: 0,
    });
    expect(readFileSync(file, "utf8")).toBe(`${key}\n`);
    expect(blob.data["url"]).toBe(pathToFileURL(join(config.datastoresRoot, "workspaceblobstore", "dropped.csv")).href);
  });

  test("takes its configuration from standard input as well", async () => {
    const { config } = await aWorkspace();
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(async () => {
      child.kill("SIGTERM");
      await exitOf(child);
    });

    child.stdin.end(JSON.stringify(config));
    const [line] = await once(child.stdout, "data");

    expect(JSON.parse(String(line))).toMatchObject({ ready: true, liveJobs: 0 });
  });

  test("says which member of its configuration is wrong, and no value", async () => {
    const { config } = await aWorkspace();

    const { child, said, errors } = await start({ ...config, clientSecret: "short", maxNode: 3 });

    expect(said.error).toContain("clientSecret");
    expect(said.error).toContain("maxNode");
    expect(await exitOf(child)).toBe(1);
    expect(errors()).not.toContain(SECRETS.adminSecret);
  });

  test("takes the next port when the one asked for is in use", async () => {
    const taken = await listenOnLoopback(0, async (_, response) => void response.end());
    onTestFinished(() => taken.close());
    const { config } = await aWorkspace({ port: taken.port });

    const { said } = await start(config);

    expect(said.port).toBeGreaterThan(taken.port);
  });

  test("runs once for a state folder", async () => {
    const { config } = await aWorkspace();
    await start(config);

    const { child, said } = await start(config);

    expect(said.error).toContain("run already");
    expect(await exitOf(child)).toBe(1);
  });

  test.each(["SIGTERM", "SIGINT", "message"])("ends what runs, in time, and goes on with it at the next start (%s)", async (how) => {
    const { app, config, home } = await aWorkspace();
    const first = await start(config);
    const waiting = aWaitingCommand(home);
    const key = await submit(config, first.said.address, waiting.command);
    await waiting.started(1);

    if (how === "message") first.child.send({ stop: true, preempt: true });
    else first.child.kill(how as NodeJS.Signals);
    const code = await exitOf(first.child);
    const livesOn = await lives(waiting.pids()[0]);
    const second = await start(config);
    await waiting.started(2);
    waiting.letGo();

    expect(code).toBe(0); // it would be 1 had the time run out
    expect(livesOn).toBe(false);
    expect(second.said.liveJobs).toBe(1);
    await app.event(({ data }) => data["runId"] === key && data["runStatus"] === "Completed");
  });

  test("starts a job of the last time only when it is told to: the workspace may yet be refused", async () => {
    const { app, config, home } = await aWorkspace();
    const first = await start(config);
    const waiting = aWaitingCommand(home);
    await submit(config, first.said.address, waiting.command);
    await waiting.started(1);
    first.child.send({ stop: true, preempt: true });
    await exitOf(first.child);

    const refused = await start(config, { waits: true });
    const next = await submit(config, refused.said.address, "true");
    await app.event(({ data }) => data["runId"] === next && data["runStatus"] === "Completed");
    const untold = waiting.pids().length;
    refused.child.send({ startWaiting: true });
    await waiting.started(2);
    waiting.letGo();

    expect(refused.said.liveJobs).toBe(1);
    expect(untold).toBe(1);
  });

  test("leaves jobs alone when its parent vanishes, and takes them over at the next start", async () => {
    const { app, config, home } = await aWorkspace();
    const first = await start(config);
    const waiting = aWaitingCommand(home);
    const key = await submit(config, first.said.address, waiting.command);
    await waiting.started(1);

    first.child.disconnect();
    await exitOf(first.child);
    const livesOn = await lives(waiting.pids()[0]);
    const second = await start(config);
    waiting.letGo();
    await app.event(({ data }) => data["runId"] === key && data["runStatus"] === "Completed");

    expect(livesOn).toBe(true);
    expect(second.said.liveJobs).toBe(1);
    expect(waiting.pids()).toHaveLength(1);
  });

  test("leaves jobs running when it is stopped without pre-emption", async () => {
    const { app, config, home } = await aWorkspace();
    const first = await start(config);
    const waiting = aWaitingCommand(home);
    const key = await submit(config, first.said.address, waiting.command);
    await waiting.started(1);

    first.child.send({ stop: true, preempt: false });
    const code = await exitOf(first.child);
    waiting.letGo();
    await start(config);
    await app.event(({ data }) => data["runId"] === key && data["runStatus"] === "Completed");

    expect(code).toBe(0);
    expect(waiting.pids()).toHaveLength(1);
  });

  test("keeps a cluster as somebody has set it up, unless a size is asked for", async () => {
    const { config } = await aWorkspace({ maxNodes: 7 });
    const nodes = async (address: string) => {
      const url = `${address}${workspaceId(config.workspace)}/computes/cpu-cluster?api-version=2024-04-01`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${await identityToken(address)}` } });
      const { properties } = (await response.json()) as { properties: { properties: { scaleSettings: { maxNodeCount: number } } } };
      return properties.properties.scaleSettings.maxNodeCount;
    };
    const first = await start(config);
    const asked = await nodes(first.said.address);
    first.child.send({ stop: true });
    await exitOf(first.child);
    const { maxNodes: _, ...rest } = config;

    const second = await start(rest);

    expect([asked, await nodes(second.said.address)]).toEqual([7, 7]);
  });
});
