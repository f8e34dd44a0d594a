import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { whileLive } from "./live.ts";
import { DIST } from "./paths.ts";

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** A process of its own that does one kind of work when it is asked: `bench/helpers/main.ts` is its other side. */
export class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  readonly #forget: () => void;

  /** @param role One of `bench/helpers/roles.ts`. */
  constructor(role: string, { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {}) {
    const execArgv = ["--disable-warning=ExperimentalWarning", "--expose-gc"];
    this.#child = fork(join(DIST, "bench", "helper.js"), [role, ...args], { execArgv, env: { ...process.env, ...env } });
    this.#forget = whileLive(() => this.end());
    this.#child.on("message", (message) => this.#answered(message as Answer));
    this.#child.once("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the ${role} process ended (${signal ?? code})`));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws {Error} what the work threw, or that the process ended. */
  async ask<T>(request: unknown): Promise<T> {
    const id = ++this.#asked;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#child.send({ id, request });
    return (await answer.promise) as T;
  }

  /** Ends it; a process that is to crash gets SIGKILL. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#forget();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill(signal);
    await gone;
  }

  #answered({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}
