import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RunResource } from "../../shared/api/resources.ts";
import type { Arm } from "./arms.ts";
import type { Case, Point, Scenario } from "./case.ts";
import { caseName, fraction } from "./case.ts";
import { checkApi } from "./check-api.ts";
import { checkProcesses, processesOf } from "./check-processes.ts";
import { checkRecords } from "./check-records.ts";
import { Client } from "./client.ts";
import { drive, uploadAll } from "./drive.ts";
import { type Finding, wrong } from "./finding.ts";
import { CASE_MS, until } from "./patience.ts";
import { pipelineOf } from "./pipelines.ts";
import { watchUploads } from "./watch-uploads.ts";
import { Workspace } from "./workspace.ts";

/** How long a kill that has not come may still come after the run's end: some writes tidy up. */
const LATE_MS = 400;

/** The cases under way, by their folders. */
const underWay = new Map<string, Workspace>();

/** For an interruption: ends all processes of the cases under way and removes their folders. */
export async function abandon(): Promise<void> {
  await Promise.all(
    [...underWay].map(async ([folder, workspace]) => {
      await workspace.kill().catch(() => undefined);
      await endAll(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
    }),
  );
}

export interface Place {
  /** Folder of the built programs. */
  dist: string;
  port: number;
}

export interface CaseResult {
  /** Whether the kill came: which writes there are differs a little from run to run. */
  fired: boolean;
  findings: Finding[];
  seconds: number;
}

/** Kills at one point, and looks whether anything came of it. */
export async function runCase(one: Case, place: Place): Promise<CaseResult> {
  const { point, mode, victims } = one;
  const arm: Arm = { point, mode, victims, cut: fraction(one.seed, caseName(one)) };
  const { fired, findings, seconds } = await play(one.scenario, place, arm);
  return { fired, findings, seconds };
}

/** Plays a scenario without a kill. @returns the points that it passed. */
export async function record(scenario: Scenario, place: Place): Promise<{ points: Point[]; findings: Finding[] }> {
  const { points, findings } = await play(scenario, place);
  return { points, findings };
}

async function play(scenario: Scenario, { dist, port }: Place, arm?: Arm): Promise<CaseResult & { points: Point[] }> {
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "penstock-chaos-"));
  const findings: Finding[] = [];
  const workspace = new Workspace({ dist, folder, port, findings });
  underWay.set(folder, workspace);
  const unwatch = watchUploads(workspace.stateFolder, findings);
  let points: Point[] = [];
  try {
    points = await live(scenario, workspace, folder, findings, arm);
  } catch (error) {
    findings.push(wrong(error instanceof Error ? error.message : String(error)));
    await workspace.kill().catch(() => undefined);
  }
  unwatch();
  findings.push(...(await checkProcesses(folder)));
  await endAll(folder);
  underWay.delete(folder);
  const { fired } = workspace;
  if (process.env["PENSTOCK_CHAOS_KEEP"] && findings.length > 0) console.error(`  kept: ${folder}`);
  else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  return { fired, findings, points, seconds: (performance.now() - began) / 1000 };
}

async function live(scenario: Scenario, workspace: Workspace, folder: string, findings: Finding[], arm?: Arm): Promise<Point[]> {
  const client = new Client(workspace, findings);
  const orders = arm ? { arm } : {};
  const isRecovery = scenario === "recovery";
  await workspace.keepUp(isRecovery ? "plain" : orders);
  const atStart = workspace.points("start");
  if (scenario === "start" && !arm) {
    await workspace.stop();
    return atStart;
  }
  const pipeline = pipelineOf(scenario, folder, await uploadAll(client));
  const driven = drive(client, pipeline, folder);
  driven.catch(() => undefined);
  if (isRecovery) await killInTheMiddle(workspace, folder, orders);
  const run = await driven;
  for (let waited = 0; arm && !workspace.fired && waited < LATE_MS; waited += 20) await delay(20);
  findings.push(...(await checkApi(client, await reread(client, run), pipeline, folder)));
  if (!(await workspace.stop())) {
    await workspace.keepUp("plain");
    findings.push(...(await checkApi(client, await reread(client, run), pipeline, folder)));
    await workspace.stop();
  }
  const seen = workspace.points(scenario, new Set(atStart.map(({ name }) => name)));
  findings.push(...checkRecords(workspace.stateFolder, run, pipeline));
  return seen;
}

/** The first kill, of both processes, while a middle step runs; what comes after it is the second's to meet. */
async function killInTheMiddle(workspace: Workspace, folder: string, orders: { arm?: Arm }): Promise<void> {
  await until(() => existsSync(join(folder, "count", "part-2")) || undefined, "the start of step part-2", CASE_MS);
  await workspace.kill();
  await workspace.keepUp(orders);
}

/** What was answered before a kill must be answered after it. */
function reread(client: Client, run: RunResource): Promise<RunResource> {
  return client.json<RunResource>({ path: `runs/${run.id}` });
}

/** Also what is started while others are being ended. */
async function endAll(folder: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const left = processesOf(folder);
    if (left.length === 0) return;
    for (const pid of left) endProcess(pid);
    await delay(50);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}
