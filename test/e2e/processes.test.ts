import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getLog } from "../../shared/api/routes/run-content.ts";
import { cancelRun, getRun, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import {
  aPipelineFile,
  aStateFolder,
  processesWith,
  removeFolder,
  run,
  startWorkspace,
  type TestWorkspace,
  until,
} from "../support/workspace.ts";

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
async function start(folder: string): Promise<TestWorkspace> {
  const workspace = await startWorkspace(folder);
  running.push(workspace);
  return workspace;
}

/** The process of the stand-ins that a workspace runs just now. */
async function standInsOf({ process: host }: TestWorkspace): Promise<number | undefined> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,command="]);
  const line = stdout.split("\n").find((each) => each.trim().split(/\s+/)[1] === String(host.pid) && each.includes("clouds/main.js"));
  return line === undefined ? undefined : Number(line.trim().split(/\s+/)[0]);
}
async function killStandIns(workspace: TestWorkspace): Promise<void> {
  process.kill(await until(() => standInsOf(workspace), "the stand-ins"), "SIGKILL");
}
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A step that counts its starts in the file `started`, prints a numbered line every few milliseconds, and ends when there is a file `go`. */
async function aCountingStep(folder: string, more = "true"): Promise<string> {
  const [started, go] = [join(folder, "started"), join(folder, "go")];
  const command = `echo $$ >> ${started}; n=0; while [ ! -e ${go} ]; do n=$((n+1)); echo line $n; sleep 0.01; done; ${more}`;
  return await aPipelineFile(folder, { counting: { command } });
}
async function submitted(workspace: TestWorkspace, file: string): Promise<RunId> {
  const { run: made } = await submitFile(workspace.client, file);
  await until(() => existsSync(join(file, "..", "started")) || undefined, "the step to start");
  return made.id;
}
async function settled(workspace: TestWorkspace, runId: RunId): Promise<string> {
  return await until(
    async () => {
      // While the stand-ins are away, tokens of a new start cannot be checked.
      const answer = await workspace.client.call(getRun, { params: { runId } }).catch(() => undefined);
      const status = answer?.body.status;
      return status !== undefined && ["Completed", "Failed", "Canceled"].includes(status) ? status : undefined;
    },
    "the run to settle",
    40,
  );
}
async function logOf(workspace: TestWorkspace, runId: RunId): Promise<string[]> {
  const { body } = await workspace.client.call(listSteps, { params: { runId } });
  const stepRun = body.steps[0]?.runId;
  if (stepRun === undefined) throw new Error("the run has no steps");
  const log = await workspace.client.call(getLog, { params: { runId: stepRun }, query: { path: "user_logs/std_log.txt" } });
  return Buffer.from(log.body).toString("utf8").trimEnd().split("\n");
}
function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `line ${i + 1}`);
}

describe("a script that runs while", () => {
  test.each(["the host", "the stand-ins", "both processes"] as const)(
    "a kill ends %s goes on, is not run again, and its log has no gap",
    async (victim) => {
      const folder = await aFolder();
      const first = await start(folder);
      const runId = await submitted(first, await aCountingStep(folder));
      const script = Number(readFileSync(join(folder, "started"), "utf8"));

      if (victim !== "the host") await killStandIns(first);
      if (victim !== "the stand-ins") await first.end("SIGKILL");
      const second = victim === "the stand-ins" ? first : await start(folder);
      expect(isAlive(script)).toBe(true);
      await writeFile(join(folder, "go"), "");

      expect(await settled(second, runId)).toBe("Completed");
      expect(readFileSync(join(folder, "started"), "utf8")).toBe(`${script}\n`);
      const lines = await logOf(second, runId);
      expect(lines).toEqual(numbered(lines.length));
    },
    60_000,
  );

  test("both are killed, and which ends before the next start, has its own outcome", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const runId = await submitted(first, await aCountingStep(folder, "exit 7"));
    const script = Number(readFileSync(join(folder, "started"), "utf8"));

    await killStandIns(first);
    await first.end("SIGKILL");
    await writeFile(join(folder, "go"), "");
    await until(() => !isAlive(script) || undefined, "the script to end");
    const second = await start(folder);

    expect(await settled(second, runId)).toBe("Failed");
    const { body } = await second.client.call(listSteps, { params: { runId } });
    expect(body.steps[0]).toMatchObject({ attempt: 1, failure: { exitCode: 7 } });
    expect(readFileSync(join(folder, "started"), "utf8")).toBe(`${script}\n`);
  }, 60_000);

  test("both are killed, and which is killed itself, fails its step and is not run again", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const runId = await submitted(first, await aCountingStep(folder));
    const script = Number(readFileSync(join(folder, "started"), "utf8"));

    await killStandIns(first);
    await first.end("SIGKILL");
    process.kill(-script, "SIGKILL");
    const second = await start(folder);

    expect(await settled(second, runId)).toBe("Failed");
    const { body } = await second.client.call(listSteps, { params: { runId } });
    expect(body.steps[0]?.failure?.cause).toMatch(/disappeared without an exit code/);
    expect(readFileSync(join(folder, "started"), "utf8")).toBe(`${script}\n`);
  }, 60_000);

  test("the stand-ins are killed again and again is run once", async () => {
    const folder = await aFolder();
    const workspace = await start(folder);
    const runId = await submitted(workspace, await aCountingStep(folder));

    for (let kills = 0; kills < 4; kills++) {
      const victim = await until(() => standInsOf(workspace), "the stand-ins");
      process.kill(victim, "SIGKILL");
      await until(async () => (await standInsOf(workspace)) !== victim || undefined, "the stand-ins to end");
    }
    await writeFile(join(folder, "go"), "");

    expect(await settled(workspace, runId)).toBe("Completed");
    expect(readFileSync(join(folder, "started"), "utf8").split("\n")).toHaveLength(2);
  }, 60_000);
});

describe("the processes of a step", () => {
  /** Leaves the session, the process group and the environment, and does not heed a request to end. */
  const daemon = (pidFile: string) =>
    `env -i /bin/sh -c 'trap "" TERM HUP INT; echo $$ > ${pidFile}; while :; do sleep 0.1; done' & setsid sleep 600 & nohup sleep 601 >/dev/null 2>&1 &`;

  test("all end with it when it is canceled after a kill", async () => {
    const folder = await aFolder();
    const first = await start(folder);
    const daemonFile = join(folder, "daemon");
    const file = await aPipelineFile(folder, { busy: { command: `${daemon(daemonFile)} touch ${join(folder, "started")}; wait` } });
    const runId = await submitted(first, file);
    await until(() => existsSync(daemonFile) || undefined, "the daemon");

    await killStandIns(first);
    await first.end("SIGKILL");
    const second = await start(folder);
    await second.client.call(cancelRun, { params: { runId } });

    expect(await settled(second, runId)).toBe("Canceled");
    await until(() => !isAlive(Number(readFileSync(daemonFile, "utf8"))) || undefined, "the daemon to end");
    await second.end();
    expect(await processesWith(folder)).toEqual([]);
  }, 60_000);

  test("end with it when it ends by itself", async () => {
    const folder = await aFolder();
    const workspace = await start(folder);
    const left = join(folder, "left");
    const command = `setsid sh -c 'echo $$ > ${left}; exec sleep 600' & while [ ! -s ${left} ]; do sleep 0.01; done; touch ${join(folder, "started")}`;
    const runId = await submitted(workspace, await aPipelineFile(folder, { leaving: { command } }));

    expect(await settled(workspace, runId)).toBe("Completed");

    await until(() => !isAlive(Number(readFileSync(left, "utf8"))) || undefined, "what it left running to end");
  }, 60_000);
});
