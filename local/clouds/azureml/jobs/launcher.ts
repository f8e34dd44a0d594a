import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "./job-environment.ts";
import { LAUNCHER_PROGRAM } from "./launcher-program.ts";
import { type ProcessIdentity, processTable, signal } from "./processes.ts";
import { spawnDirectly } from "./spawn-directly.ts";

const PREDECESSOR_PATIENCE_MILLISECONDS = 5_000;

const SIGNALS = new Map<number, string>(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export interface LaunchOrder {
  argv: [string, ...string[]];
  cwd: string;
  environment: Environment;
  /** Opened for appending by the process itself, as its standard output and error. */
  log: string;
}

/** How a process ended; `unknown` when who would have been told is gone. */
export type ProcessEnd = { kind: "exit"; code: number } | { kind: "signal"; name: string } | { kind: "unknown" };

export interface LaunchedProcess {
  pid: number;
  ended: Promise<ProcessEnd>;
}

interface Message {
  order?: number;
  pid?: number;
  error?: string;
  code?: number;
  signal?: number;
}

/** The launcher ended before it said whether it had started the process. */
export class LauncherLostError extends Error {}

/**
 * Starts processes, each as leader of a session of its own, from a small helper, so that Node need not stand still for a millisecond or more
 * at each. Until the helper is there, and where there is no Python, Node does it.
 */
export class Launcher {
  readonly #note: string;
  readonly #starting = new Map<number, PromiseWithResolvers<LaunchedProcess>>();
  readonly #running = new Map<number, (end: ProcessEnd) => void>();
  #helper: ChildProcess | undefined;
  #orders = 0;
  #stopped = false;

  constructor(stateFolder: string) {
    this.#note = join(stateFolder, "launcher.json");
  }

  /** Resolves when the helper of a killed server is gone, which ends as soon as it has read all it was told: after that nothing is started late. */
  async waitForPredecessor(): Promise<void> {
    const predecessor = readNote(this.#note);
    if (!predecessor) return;
    const { id, startTime } = predecessor;
    const end = performance.now() + PREDECESSOR_PATIENCE_MILLISECONDS;
    while ((await processTable.find(id))?.startTime === startTime) {
      if (performance.now() > end) signal(id, "SIGKILL");
      await delay(2);
    }
  }

  /**
   * Brings the helper up.
   * @param python An interpreter of Python 3.
   * @throws {Error} it could not be noted down, as where the disk is full: then there is none, and Node starts the processes.
   */
  async start(python: string): Promise<void> {
    const environment = { PATH: process.env["PATH"] ?? "" };
    // In a session of its own, since a Ctrl-C is for the server: the helper ends with its input.
    const helper = spawn(python, ["-I", "-S", "-X", "utf8", "-c", LAUNCHER_PROGRAM], {
      detached: true,
      env: environment,
      stdio: ["pipe", "pipe", "inherit"],
    });
    helper.once("error", () => this.#lost(helper));
    helper.once("exit", () => this.#lost(helper));
    const identity = helper.pid === undefined ? undefined : await processTable.find(helper.pid);
    if (!identity || !helper.stdout) return;
    if (this.#stopped) {
      helper.stdin?.end();
      return;
    }
    helper.stdin?.on("error", () => undefined);
    try {
      writeNote(this.#note, identity);
    } catch (error) {
      helper.stdin?.end();
      throw error;
    }
    createInterface({ input: helper.stdout }).on("line", (line) => this.#heard(JSON.parse(line)));
    helper.unref();
    this.#helper = helper;
  }

  /** @throws {LauncherLostError} when it is not known whether the process was started. @throws {Error} when the system cannot start it. */
  launch(order: LaunchOrder): Promise<LaunchedProcess> {
    if (!this.#helper) return spawnDirectly(order);
    const number = ++this.#orders;
    const started = Promise.withResolvers<LaunchedProcess>();
    this.#starting.set(number, started);
    this.#helper.stdin?.write(`${JSON.stringify({ order: number, ...order })}\n`);
    return started.promise;
  }

  /** Ends the helper; what it started runs on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const helper = this.#helper;
    if (!helper) return;
    this.#helper = undefined;
    this.#running.clear();
    const gone = once(helper, "exit");
    helper.stdin?.end();
    await Promise.race([gone, delay(500, undefined, { ref: false })]);
  }

  #heard({ order, pid = 0, error, code, signal: number }: Message): void {
    if (order !== undefined) {
      const starting = this.#starting.get(order);
      this.#starting.delete(order);
      if (error !== undefined) starting?.reject(new Error(error));
      else starting?.resolve({ pid, ended: new Promise((resolve) => this.#running.set(pid, resolve)) });
      return;
    }
    const ended = this.#running.get(pid);
    this.#running.delete(pid);
    ended?.(number === undefined ? { kind: "exit", code: code ?? 0 } : { kind: "signal", name: SIGNALS.get(number) ?? `signal ${number}` });
  }

  #lost(helper: ChildProcess): void {
    if (this.#helper !== helper) return;
    this.#helper = undefined;
    for (const { reject } of this.#starting.values()) reject(new LauncherLostError("The launcher ended"));
    for (const ended of this.#running.values()) ended({ kind: "unknown" });
    this.#starting.clear();
    this.#running.clear();
  }
}

/** Replaces the file as a whole: half a note would be none. */
function writeNote(file: string, { id, startTime }: ProcessIdentity): void {
  writeFileSync(`${file}.new`, JSON.stringify({ id, startTime }));
  renameSync(`${file}.new`, file);
}

/** A note that is damaged names nobody. After a loss of power it may be, and then no helper has lived on. */
function readNote(file: string): ProcessIdentity | undefined {
  try {
    const { id, startTime } = JSON.parse(readFileSync(file, "utf8"));
    return Number.isInteger(id) && typeof startTime === "string" ? { id, startTime } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
