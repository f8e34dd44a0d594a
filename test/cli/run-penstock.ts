import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import type { StubWorkspace } from "../sdk/stub-workspace.ts";
import { TemporaryFolder } from "../sdk/temporary-folder.ts";

/** The command as it is shipped, bundled, run as a process of its own. */
export class Penstock implements Disposable {
  private readonly folder: TemporaryFolder;
  private readonly main: string;

  private constructor(folder: TemporaryFolder, main: string) {
    this.folder = folder;
    this.main = main;
  }

  static async build(): Promise<Penstock> {
    const folder = new TemporaryFolder();
    await build({
      entryPoints: [join(import.meta.dirname, "../../cli/main.ts")],
      outdir: folder.path,
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      outExtension: { ".js": ".mjs" },
      banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
      logLevel: "error",
    });
    return new Penstock(folder, folder.join("main.mjs"));
  }

  /** Starts it in a folder, against a workspace named by URL unless told otherwise. */
  start(
    args: readonly string[],
    { workspace, cwd, environment = {} }: { workspace?: StubWorkspace; cwd?: string; environment?: Record<string, string> },
  ): Running {
    const named = workspace === undefined ? [] : ["--url", workspace.url];
    const child = spawn(process.execPath, [this.main, ...args, ...named], {
      cwd: cwd ?? this.folder.path,
      env: { PATH: process.env["PATH"], HOME: this.folder.path, TZ: "Europe/Berlin", PENSTOCK_TOKEN: "stub-token", ...environment },
    });
    return new Running(child);
  }

  async run(args: readonly string[], options: Parameters<Penstock["start"]>[1]): Promise<Ended> {
    return await this.start(args, options).ended;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  private stdout = "";
  private stderr = "";
  private readonly listeners = new Set<() => void>();

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.add("stdout", text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.add("stderr", text));
    this.ended = new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr })));
  }

  /** Resolves once the text has been written to either stream. */
  async says(text: string): Promise<void> {
    while (!(this.stdout + this.stderr).includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`ended without saying ${text}: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.listeners.add(resolve);
        this.child.once("close", () => resolve());
      });
    }
  }

  private add(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    for (const resolve of this.listeners) resolve();
    this.listeners.clear();
  }
}
