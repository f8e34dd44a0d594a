import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isFree } from "../../local/workspace/free-port.ts";
import { WORKSPACE_FILE, WorkspaceFile } from "../../shared/api/workspace-file.ts";

const FIRST_PORT = 19_000;
const START_MS = 60_000;
/** This file is bundled to `dist/test/load/main.js`. */
const DIST = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A workspace as `npm start` makes it, in a folder that goes with it. */
export class Workspace {
  readonly file: WorkspaceFile;
  readonly pid: number;
  /** What lies in it is in the default datastore. */
  readonly dataFolder: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #output: () => string;

  private constructor(child: ChildProcess, file: WorkspaceFile, folder: string, output: () => string) {
    this.#child = child;
    this.file = file;
    this.pid = file.pid;
    this.#folder = folder;
    this.dataFolder = join(folder, "datastores", "workspaceblobstore");
    this.#output = output;
  }

  /** @throws {Error} when it does not come up. */
  static async start(): Promise<Workspace> {
    const folder = mkdtempSync(join(tmpdir(), "penstock-load-"));
    const port = await freePort();
    const start = join(DIST, "local", "start.js");
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", start, "--state", folder, "--port", String(port), "--no-sample"],
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString("utf8")).slice(-4000);
      });
    const deadline = performance.now() + START_MS;
    for (;;) {
      const file = readFile(folder);
      if (file?.pid === child.pid && file) return new Workspace(child, file, folder, () => output);
      if (child.exitCode !== null || performance.now() > deadline) {
        child.kill("SIGKILL");
        rmSync(folder, { recursive: true, force: true });
        throw new Error(`the workspace did not start:\n${output}`);
      }
      await delay(20);
    }
  }

  /** @throws {Error} when it has ended by itself. */
  assertUp(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new Error(`the workspace ended by itself (${this.#child.exitCode ?? this.#child.signalCode}):\n${this.#output()}`);
  }

  /** Ctrl-C, and its folder goes. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGINT");
      const late = setTimeout(() => this.#child.kill("SIGKILL"), 30_000);
      await ended;
      clearTimeout(late);
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function readFile(folder: string): WorkspaceFile | undefined {
  try {
    return WorkspaceFile.parse(JSON.parse(readFileSync(join(folder, WORKSPACE_FILE), "utf8")));
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  for (let port = FIRST_PORT + (process.pid % 200) * 4; ; port += 4) if ((await isFree(port)) && (await isFree(port + 1))) return port;
}
