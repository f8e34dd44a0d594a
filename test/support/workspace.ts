import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFree } from "../../local/workspace/free-port.ts";
import { ApiClient } from "../../sdk/client.ts";
import { WorkspaceFile } from "../../shared/api/workspace-file.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Where tests look for ports: away from the product's own and from what the system hands out. */
let nextPort = 20_000 + (process.pid % 400) * 25;

/** A workspace of a test's own, started as `npm start` does (from the last build), in a folder that goes with it. */
export interface TestWorkspace {
  readonly stateFolder: string;
  readonly client: ApiClient;
  readonly file: WorkspaceFile;
  /** The `npm start` process. */
  readonly process: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Sends a signal and waits for the end. @returns exit code and milliseconds it took. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
  cli(args: string[], options?: { env?: Record<string, string>; cwd?: string }): Promise<Ended>;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export async function aStateFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "penstock-test-"));
}

export async function aPort(): Promise<number> {
  for (;;) if (await isFree(++nextPort)) return nextPort;
}

/** Starts a workspace and waits until its file names a living process. */
export async function startWorkspace(
  stateFolder: string,
  args: string[] = ["--no-sample"],
  env: Record<string, string> = {},
): Promise<TestWorkspace> {
  const hasPort =
    args.includes("--port") ||
    (() => {
      try {
        return readFileSync(join(stateFolder, "config.json"), "utf8").includes('"port"');
      } catch {
        return false;
      }
    })();
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      join(ROOT, "dist/local/start.js"),
      "--state",
      stateFolder,
      ...(hasPort ? [] : ["--port", String(await aPort())]),
      ...args,
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env, NO_COLOR: "1" } },
  );
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => chunks.push(chunk));
  const output = () => Buffer.concat(chunks).toString("utf8");
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const file = await until(() => {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output()}`);
    const found = readWorkspaceFile(stateFolder);
    return found?.pid === child.pid ? found : undefined;
  }, "the workspace to start");
  return {
    stateFolder,
    process: child,
    file,
    output,
    client: new ApiClient({ url: file.address, token: () => readWorkspaceFile(stateFolder)?.token ?? file.token }),
    async end(signal = "SIGINT") {
      const began = performance.now();
      child.kill(signal);
      const code = await ended;
      return { code, ms: performance.now() - began };
    },
    cli: (cliArgs, options = {}) => run(process.execPath, [join(ROOT, "dist/cli/main.js"), "--state", stateFolder, ...cliArgs], options),
  };
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: string[],
  { env = {}, cwd = ROOT }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", ...env } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Looks again and again until something is there: for what other processes do and tell nobody. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, what: string, seconds = 20): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Processes that carry a text in their environment or command line, this one apart. Linux only; elsewhere none are found. */
export async function processesWith(text: string): Promise<number[]> {
  const { stdout } = await run("sh", [
    "-c",
    `grep -lsF -- ${JSON.stringify(text)} /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -u`,
  ]);
  const shells = new Set<number>([process.pid]);
  return stdout
    .split("\n")
    .flatMap((line) => (line && !shells.has(Number(line)) && isAlive(Number(line)) && !isGrep(Number(line)) ? [Number(line)] : []));
}
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
function isGrep(pid: number): boolean {
  try {
    return /grep/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return true;
  }
}

/** A pipeline of command steps as a v1 YAML file of its own folder: `{ key: { command, after? } }`. @returns the file. */
export async function aPipelineFile(
  folder: string,
  steps: Record<string, { command: string; after?: string[] }>,
  name = "pipeline.yml",
): Promise<string> {
  const lines = Object.entries(steps).flatMap(([key, { command, after }]) => [
    `    ${key}:`,
    "      type: CommandStep",
    `      command: ${JSON.stringify(command)}`,
    ...(after ? [`      run_after: [${after.join(", ")}]`] : []),
  ]);
  const file = join(folder, name);
  await writeFile(file, ["pipeline:", "  name: test", "  steps:", ...lines, ""].join("\n"));
  return file;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function readWorkspaceFile(stateFolder: string): WorkspaceFile | undefined {
  try {
    return WorkspaceFile.parse(JSON.parse(readFileSync(join(stateFolder, "workspace.json"), "utf8")));
  } catch {
    return undefined;
  }
}
