import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Family } from "../family.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { ROOT } from "../support/paths.ts";
import { shStep, submission } from "../support/pipelines.ts";
import { secondsOf } from "../support/proc.ts";
import { timeRun } from "../support/time-run.ts";
import { BenchWorkspace } from "../support/workspace.ts";

const START: RowSpec = {
  name: "start",
  what: "`npm start` of a workspace that was there before, to ready",
  unit: "s",
  limit: 2,
  better: "lower",
};
const MEMORY: RowSpec = {
  name: "idle-memory",
  what: "memory of the whole local system (PSS of all processes) after a run and some rest",
  unit: "MB",
  limit: 200,
  better: "lower",
};
const CPU: RowSpec = {
  name: "idle-cpu",
  what: "processor time of the whole local system at rest",
  unit: "% of a core",
  limit: 1,
  better: "lower",
};

const REST_MS = 5000;

/** What it costs to have it there. */
export const startRows: Family = {
  rows: [START, MEMORY, CPU],
  async measure(bench) {
    const stateFolder = join(bench.folder, "start");
    await (await BenchWorkspace.start({ folder: bench.folder, stateFolder })).stop();
    await start(bench, stateFolder);
    const workspace = await BenchWorkspace.start({ folder: bench.folder, stateFolder });
    try {
      await timeRun(workspace.http, submission([shStep("only")]));
      await delay(REST_MS);
      await idle(bench, workspace);
    } finally {
      await workspace.stop();
    }
  },
};

async function start(bench: Bench, stateFolder: string): Promise<void> {
  if (!bench.wants(START)) return;
  const pairs = await bench.pairs(START, {
    product: () => timeStart(stateFolder),
    baseline: () => timeProgram(process.execPath, ["-e", "0"]),
  });
  bench.report(resultOf(START, pairs, ({ product }) => product / 1000, "baseline: ms for a Node program that does nothing"));
}

/** npm and its prestart script included, as a person waits for them. */
async function timeStart(stateFolder: string): Promise<number> {
  const began = performance.now();
  const child = spawn("npm", ["start", "--silent", "--", "--state", stateFolder, "--no-sample"], {
    cwd: ROOT,
    // A group of its own, which a Ctrl-C reaches as in a terminal.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", INIT_CWD: ROOT },
  });
  const gone = once(child, "exit");
  let output = "";
  const ready = new Promise<number>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (output.includes("ready in")) resolve(performance.now() - began);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`npm start ended with ${code}: ${output.slice(-500)}`)));
  });
  try {
    return await ready;
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
    await gone;
  }
}

async function timeProgram(program: string, args: string[]): Promise<number> {
  const began = performance.now();
  await once(spawn(program, args, { stdio: "ignore" }), "exit");
  return performance.now() - began;
}

async function idle(bench: Bench, workspace: BenchWorkspace): Promise<void> {
  if (bench.wants(MEMORY)) {
    const pairs = await bench.pairs(MEMORY, { product: async () => workspace.memoryBytes() });
    bench.report(resultOf(MEMORY, pairs, ({ product }) => product / 1e6));
  }
  if (!bench.wants(CPU)) return;
  const seconds = bench.quick ? 5 : 20;
  const pairs = await bench.pairs(CPU, {
    product: async () => {
      const before = secondsOf(workspace.processes());
      await delay(seconds * 1000);
      return secondsOf(workspace.processes()) - before;
    },
  });
  bench.report(resultOf(CPU, pairs, ({ product }) => (product / seconds) * 100, `over ${seconds} s`));
}
