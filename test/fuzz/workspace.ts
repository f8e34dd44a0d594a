import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isFree } from "../../local/workspace/free-port.ts";
import { WorkspaceFile } from "../../shared/api/workspace-file.ts";
import { until } from "../chaos/patience.ts";
import { MEMORY_VARIABLE } from "./memory-variable.ts";

const START_MS = 60_000;
const FIRST_PORT = 16_000;

/** Bytes that the host's process holds once garbage is collected. */
export interface Memory {
  heap: number;
  buffers: number;
  rss: number;
}

/** A workspace as `npm start` makes it, in a folder of its own, with one node that jobs run on. */
export class FuzzedWorkspace {
  readonly folder: string;
  readonly address: string;
  readonly token: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, child: ChildProcess, { address, token }: WorkspaceFile) {
    this.folder = folder;
    this.#child = child;
    this.address = address;
    this.token = token;
  }

  static async start(root: string): Promise<FuzzedWorkspace> {
    const folder = await mkdtemp(join(tmpdir(), "penstock-fuzz-"));
    const stateFolder = join(folder, "state");
    const child = spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        join(root, "dist", "local", "start.js"),
        ...["--state", stateFolder, "--port", String(await aPort()), "--no-sample"],
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: environment(root, folder) },
    );
    let output = "";
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-4000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const file = await until(
      () => {
        if (child.exitCode !== null) throw new Error(`the workspace ended with ${child.exitCode}: ${output}`);
        return readFile(stateFolder, child.pid);
      },
      "the workspace",
      START_MS,
    );
    return new FuzzedWorkspace(folder, child, file);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Errors in the host's log. */
  bugs(): string[] {
    const log = readFileSync(join(this.folder, "state", "logs", "host.log"), "utf8");
    return log.split("\n").filter((line) => / error /.test(line));
  }

  /** Collects garbage and says what is left. */
  async memory(): Promise<Memory> {
    const file = memoryFile(this.folder);
    rmSync(file, { force: true });
    this.#child.kill("SIGUSR2");
    return await until(() => readMemory(file), "the host's memory", START_MS);
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => (this.isAlive ? this.#child.once("exit", () => resolve()) : resolve()));
    this.#child.kill("SIGINT");
    await ended;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function environment(root: string, folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NO_COLOR: "1",
    NODE_OPTIONS: `--import=${pathToFileURL(join(root, "dist", "test", "fuzz", "preload.js")).href}`,
    [MEMORY_VARIABLE]: memoryFile(folder),
    PENSTOCK_LOCAL_NODES: "1",
    // Random environments are asked for; no package index is to hear of it.
    PENSTOCK_LOCAL_PIP_ARGUMENTS: "--no-index",
  };
}

function memoryFile(folder: string): string {
  return join(folder, "memory.json");
}

function readMemory(file: string): Memory | undefined {
  try {
    const { heapUsed, arrayBuffers, rss } = JSON.parse(readFileSync(file, "utf8"));
    return { heap: heapUsed, buffers: arrayBuffers, rss };
  } catch {
    return undefined; // not there, or half written
  }
}

function readFile(stateFolder: string, pid: number | undefined): WorkspaceFile | undefined {
  try {
    const file = WorkspaceFile.parse(JSON.parse(readFileSync(join(stateFolder, "workspace.json"), "utf8")));
    return file.pid === pid ? file : undefined;
  } catch {
    return undefined;
  }
}

async function aPort(): Promise<number> {
  for (let port = FIRST_PORT + (process.pid % 400) * 2; ; port += 2) if ((await isFree(port)) && (await isFree(port + 1))) return port;
}
