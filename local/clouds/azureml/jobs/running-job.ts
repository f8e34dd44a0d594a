import type { ChildProcess } from "node:child_process";
import { type FSWatcher, watch } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { EndingReason } from "../store/job-records.ts";
import type { Environment } from "./job-environment.ts";
import type { LaunchFolder } from "./job-folders.ts";
import { ALREADY_STARTED, notedExitCode, notedStart, startWrapper } from "./launch.ts";
import { ProcessTree } from "./process-tree.ts";
import type { ProcessIdentity } from "./processes.ts";
import { processTable } from "./processes.ts";

/** How a launch came to its end. */
export type Outcome =
  | { kind: "exited"; code: number }
  /** Ended from outside, by us. */
  | { kind: "ended"; reason: EndingReason }
  /** The process is gone and left no exit code. */
  | { kind: "lost"; message: string };

const CLAIM_PATIENCE_MILLISECONDS = 10_000;

/** One launch whose command runs, whether this process started it or an earlier one did. */
export class RunningJob {
  /** Known at the latest when {@link start} or {@link adopt} has resolved, unless the command had ended by then. */
  identity: ProcessIdentity | undefined;
  readonly outcome: Promise<Outcome>;
  readonly #folder: LaunchFolder;
  readonly #marker: string;
  readonly #settle: (outcome: Outcome) => void;
  #child: ChildProcess | undefined;
  #watcher: FSWatcher | undefined;
  #tree: ProcessTree | undefined;
  #ending = false;

  constructor(folder: LaunchFolder, marker: string, identity?: ProcessIdentity) {
    this.#folder = folder;
    this.#marker = marker;
    this.identity = identity;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#settle = resolve;
  }

  /** Starts the command. @throws {Error} when the system cannot start a process. */
  async start(log: string, environment: Environment): Promise<void> {
    const child = await startWrapper(this.#folder, this.#marker, log, environment);
    this.#child = child;
    child.once("exit", (code, signalName) => void this.#exited(code, signalName));
    this.identity = await processTable.find(child.pid);
  }

  /**
   * Takes over a launch of an earlier process. False when it never came to start its command,
   * and nothing of it lives: then it is safe to start it.
   */
  async adopt(): Promise<boolean> {
    const patience = performance.now() + CLAIM_PATIENCE_MILLISECONDS;
    for (;;) {
      const start = notedStart(this.#folder);
      const members = await this.#newTree().members();
      if (start) {
        const leader = this.identity?.id ?? start.id;
        this.identity = members.find(({ id }) => id === leader) ?? this.identity;
        this.#watch();
        await this.look();
        return true;
      }
      if (members.length === 0 || performance.now() > patience) return false;
      // A wrapper that is about to note its start.
      await delay(5);
    }
  }

  /** Sees whether the command of an adopted launch has ended. */
  async look(): Promise<void> {
    if (this.#child || this.#ending) return;
    const alive = this.identity && (await processTable.find(this.identity.id))?.startTime === this.identity.startTime;
    const code = notedExitCode(this.#folder);
    if (code !== undefined) this.#conclude({ kind: "exited", code });
    else if (!alive) await this.#lost("has disappeared without an exit code. Was it killed, or was the machine restarted?");
  }

  /** Ends the command and everything it started. Its outcome is `ended`, unless it had ended by itself before. */
  async end(reason: EndingReason, graceMilliseconds: number): Promise<void> {
    this.#ending = true;
    this.#tree = this.#newTree();
    await this.#tree.end(graceMilliseconds);
    // The wrapper is the first to go: an exit code that is noted was noted before.
    const code = reason === "preemption" ? notedExitCode(this.#folder) : undefined;
    this.#conclude(code === undefined ? { kind: "ended", reason } : { kind: "exited", code });
  }

  /** Shortens the grace of an end that is under way. */
  hasten(graceMilliseconds: number): void {
    this.#tree?.hasten(graceMilliseconds);
  }

  /** Lets go of the launch, which runs on. */
  release(): void {
    this.#watcher?.close();
    this.#child?.unref();
  }

  async #exited(code: number | null, signalName: NodeJS.Signals | null): Promise<void> {
    if (this.#ending) return;
    const noted = notedExitCode(this.#folder);
    if (noted === undefined && code === ALREADY_STARTED) {
      // An earlier process had got as far as starting this launch.
      this.#child = undefined;
      await this.adopt();
    } else if (noted !== undefined || code !== null) this.#conclude({ kind: "exited", code: noted ?? code ?? 0 });
    else await this.#lost(`was killed by ${signalName}`);
  }

  /** Nothing it started may live on beside a later attempt. */
  async #lost(what: string): Promise<void> {
    await this.#newTree().kill();
    this.#conclude({ kind: "lost", message: `The process that ran the command ${what}` });
  }

  #watch(): void {
    this.#watcher ??= watch(this.#folder.root, () => {
      const code = this.#ending ? undefined : notedExitCode(this.#folder);
      if (code !== undefined) this.#conclude({ kind: "exited", code });
    });
    this.#watcher.on("error", () => undefined);
  }

  #newTree(): ProcessTree {
    return new ProcessTree(this.#marker, this.identity);
  }

  #conclude(outcome: Outcome): void {
    this.#watcher?.close();
    this.#settle(outcome);
  }
}
