import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { JobRequest } from "../../shared/ports/compute-backend.ts";
import { type ComputeUnderTest, computeBackendContract } from "../contracts/compute-backend.contract.ts";
import { FakeCompute, type Fault, hasEnded, type LedgerEntry } from "./fake-compute.ts";

const clock = {
  now: Date.now,
  setTimer: (at: number, callback: () => void) => {
    const timer = setTimeout(callback, at - Date.now());
    return () => clearTimeout(timer);
  },
};

/** The books with a shell behind them, so that the contract can see what a job did. */
computeBackendContract("the books of a fake", async (): Promise<ComputeUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), "penstock-fake-"));
  const backend = new FakeCompute({ clock, sleep: (ms) => wait(ms), computes: ["cpu"] });
  backend.plan = () => ({ ends: "never", afterMs: 0 });
  const children = new Map<string, ChildProcess>();
  const listeners = new Map<string, Set<() => void>>();
  backend.onChange = (jobId, status) => {
    if (status === "canceling") kill(children.get(jobId));
    for (const listener of listeners.get(jobId) ?? []) listener();
    listeners.delete(jobId);
  };
  backend.execute = (job) => children.set(job.request.key, run(backend, job));
  const faults: ((operation: string) => Fault | undefined)[] = [];
  backend.fault = (operation) => {
    const fault = faults[0]?.(operation);
    if (fault) faults.shift();
    return fault;
  };
  onTestFinished(() => {
    for (const child of children.values()) kill(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const newFolder = () => {
    const path = join(folder, randomUUID());
    mkdirSync(path);
    return path;
  };
  return {
    backend,
    job: (command, rest) => ({ ...aJob(command), ...rest }),
    outputFolder: () => {
      const uri = newFolder();
      return { uri, read: (file) => tryToRead(join(uri, file)) };
    },
    inputFolder: (file, text) => {
      const uri = newFolder();
      writeFileSync(join(uri, file), text);
      return uri;
    },
    changed: (key) =>
      new Promise((resolve) => {
        const waiting = listeners.get(key) ?? new Set();
        listeners.set(key, waiting.add(resolve));
        const job = backend.ledger.get(key);
        if (job && hasEnded(job)) resolve();
      }),
    loseAnswer: async () => void faults.push((operation) => (operation === "submit" ? { kind: "answerLost" } : undefined)),
    throttle: async (seconds) =>
      void faults.push((operation) => (operation === "observe" ? { kind: "busy", retryAfterSeconds: seconds } : undefined)),
  };
});

function aJob(command: string): JobRequest {
  return {
    key: `${randomUUID()}_1`,
    displayName: "step",
    experimentName: "contract",
    compute: "cpu",
    environment: { image: "base" },
    command,
    inputs: {},
    outputs: {},
    environmentVariables: {},
    tags: {},
    properties: {},
  };
}

function run(backend: FakeCompute, { request }: LedgerEntry): ChildProcess {
  const values: Record<string, string> = {};
  for (const [name, input] of Object.entries(request.inputs)) values[`inputs.${name}`] = "uri" in input ? input.uri : input.literal;
  for (const [name, output] of Object.entries(request.outputs)) values[`outputs.${name}`] = output.uri;
  const command = request.command.replace(/\$\{\{([\w.]+)\}\}/g, (_, name: string) => values[name] ?? "");
  const child = spawn("sh", ["-c", command], { detached: true, stdio: "ignore", env: { ...process.env, ...request.environmentVariables } });
  let isLate = false;
  const limit = request.timeoutSeconds === undefined ? undefined : setTimeout(() => (isLate = kill(child)), request.timeoutSeconds * 1000);
  child.on("exit", (exitCode) => {
    clearTimeout(limit);
    if (backend.ledger.get(request.key)?.state.status === "canceling") return;
    if (isLate) backend.tell(request.key, "failed", { code: "JobTimeout", message: `the job ran longer than ${request.timeoutSeconds} s` });
    else if (exitCode === 0) backend.tell(request.key, "completed");
    else backend.tell(request.key, "failed", { exitCode: exitCode ?? 1 });
  });
  return child;
}

/** Ends a job's whole process group. */
function kill(child: ChildProcess | undefined): boolean {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
  try {
    return process.kill(-child.pid, "SIGKILL");
  } catch {
    return false; // it ended just now
  }
}

function tryToRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
