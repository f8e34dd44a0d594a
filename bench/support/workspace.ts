import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isFree } from "../../local/workspace/free-port.ts";
import { ApiClient } from "../../sdk/client.ts";
import { WORKSPACE_FILE, WorkspaceFile } from "../../shared/api/workspace-file.ts";
import { KeepAliveClient } from "./keep-alive-client.ts";
import { whileLive } from "./live.ts";
import { DIST } from "./paths.ts";
import { commandOf, familyOf, listProcesses, type ProcessStat, proportionalBytes } from "./proc.ts";
import { waitUntil } from "./wait-until.ts";

/** Step processes at a time, in the product and in what it is compared with. */
export const SLOTS = 2;
/** Away from the product's ports and from what the system hands out. */
const FIRST_PORT = 18_000;
const PORTS = 1000;
const START_SECONDS = 120;
const STOP_MS = 5000;
let nextPort = process.pid;

export interface WorkspaceOptions {
  /** Absent: a new one below {@link folder}, which goes at the end. */
  stateFolder?: string;
  /** Where a new state folder is made. */
  folder: string;
  env?: Record<string, string>;
  /** Program and arguments that run the workspace's program, as strace does. */
  through?: readonly string[];
}

/** A workspace as `npm start` makes it, in a process of its own, from the last build. */
export class BenchWorkspace implements AsyncDisposable {
  readonly stateFolder: string;
  /** Raw, for what is timed. */
  readonly http: KeepAliveClient;
  readonly client: ApiClient;
  readonly file: WorkspaceFile;
  readonly #child: ChildProcess;
  readonly #isOurs: boolean;
  readonly #forget: () => void;

  private constructor(child: ChildProcess, file: WorkspaceFile, stateFolder: string, isOurs: boolean) {
    this.#child = child;
    this.#forget = whileLive(() => this.stop());
    this.file = file;
    this.stateFolder = stateFolder;
    this.#isOurs = isOurs;
    this.http = new KeepAliveClient(file.address, file.token);
    this.client = new ApiClient({ url: file.address, token: file.token });
  }

  /** Starts one and waits until it says where it is. @throws {Error} with what it printed, when it does not come up. */
  static async start({ stateFolder, folder, env = {}, through = [] }: WorkspaceOptions): Promise<BenchWorkspace> {
    const state = stateFolder ?? mkdtempSync(join(folder, "workspace-"));
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const before = readFile(state)?.startedAt;
    const [program = "", ...args] = [
      ...through,
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      ...[join(DIST, "local", "start.js"), "--state", state, "--no-sample"],
      ...(hasPort(state) ? [] : ["--port", String(await aPort())]),
    ];
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", PENSTOCK_LOCAL_NODES: String(SLOTS), ...env },
    });
    let output = "";
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-4000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const forget = whileLive(async () => void child.kill("SIGINT"));
    const file = await waitUntil(
      () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the workspace did not start:\n${output}`);
        const found = readFile(state);
        return found && found.startedAt !== before ? found : undefined;
      },
      "the workspace to start",
      { seconds: START_SECONDS, everyMs: 2 },
    ).finally(forget);
    return new BenchWorkspace(child, file, state, stateFolder === undefined);
  }

  get port(): number {
    return Number(new URL(this.file.address).port);
  }

  get hostPid(): number {
    return this.file.pid;
  }

  get standInsPid(): number {
    return this.processes().find(({ pid }) => commandOf(pid).includes("clouds/main.js"))?.pid ?? 0;
  }

  /** Host, stand-ins and all they started. */
  processes(): ProcessStat[] {
    return familyOf(this.hostPid, listProcesses());
  }

  /** Of all processes together. */
  memoryBytes(): number {
    return this.processes().reduce((sum, { pid }) => sum + (proportionalBytes(pid) ?? 0), 0);
  }

  /** Ctrl-C. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
  }

  /** As a crash: nothing is tidied up. The stand-ins leave by themselves. */
  async kill(): Promise<void> {
    const standIns = this.standInsPid;
    await this.#end("SIGKILL");
    await waitUntil(() => (isAlive(standIns) ? undefined : true), "the stand-ins to leave");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#isOurs) rmSync(this.stateFolder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.http.close();
    this.#forget();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    process.kill(this.hostPid, signal);
    const late = setTimeout(() => process.kill(this.hostPid, "SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(late);
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function aPort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + ((nextPort++ * 4) % PORTS);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

function hasPort(stateFolder: string): boolean {
  try {
    return readFileSync(join(stateFolder, "config.json"), "utf8").includes('"port"');
  } catch {
    return false;
  }
}

function readFile(stateFolder: string): WorkspaceFile | undefined {
  try {
    return WorkspaceFile.parse(JSON.parse(readFileSync(join(stateFolder, WORKSPACE_FILE), "utf8")));
  } catch {
    return undefined;
  }
}
