import { type FSWatcher, watch } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { EndingReason } from "../store/job-records.ts";
import type { Environment } from "./job-environment.ts";
import type { LaunchFolder } from "./job-folders.ts";
import { ALREADY_STARTED, notedExitCode, notedStart, startWrapper } from "./launch.ts";
import { type Launcher, LauncherLostError, type ProcessEnd } from "./launcher.ts";
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
  /** Resolves when it is known whether the command was started. */
  #started: Promise<unknown> = Promise.resolve();
  /** Whether we are told when it ends. */
  #isTold = false;
  #watcher: FSWatcher | undefined;
  #tree: ProcessTree | undefined;
  #ending = false;
  #grace = Number.POSITIVE_INFINITY;

  constructor(folder: LaunchFolder, marker: string, identity?: ProcessIdentity) {
    this.#folder = folder;
    this.#marker = marker;
    this.identity = identity;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#settle = resolve;
  }

  /** Starts the command. @throws {Error} when the system cannot start a process. */
  start(launcher: Launcher, log: string, environment: Environment): Promise<void> {
    const start = this.#start(launcher, log, environment);
    this.#started = start.catch(() => undefined);
    return start;
  }

  async #start(launcher: Launcher, log: string, environment: Environment): Promise<void> {
    try {
      const { pid, ended } = await startWrapper(launcher, this.#folder, this.#marker, log, environment);
      this.#isTold = true;
      ended.then((end) => this.#exited(end)).catch((error: Error) => this.#conclude({ kind: "lost", message: error.message }));
      this.identity = await processTable.find(pid);
    } catch (error) {
      if (!(error instanceof LauncherLostError)) throw error;
      if (!(await this.adopt())) await this.#start(launcher, log, environment);
    }
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
    if (this.#isTold || this.#ending) return;
    const alive = this.identity && (await processTable.find(this.identity.id))?.startTime === this.identity.startTime;
    const code = notedExitCode(this.#folder);
    if (code !== undefined) this.#conclude({ kind: "exited", code });
    else if (!alive) await this.#lost("has disappeared without an exit code. Was it killed, or was the machine restarted?");
  }

  /** Ends the command and everything it started. Its outcome is `ended`, unless it had ended by itself before. */
  async end(reason: EndingReason, graceMilliseconds: number): Promise<void> {
    this.#ending = true;
    // Nothing would be found of a command that is just being started.
    await this.#started;
    this.#tree = this.#newTree();
    this.#tree.hasten(this.#grace);
    await this.#tree.end(graceMilliseconds);
    // The wrapper is the first to go: an exit code that is noted was noted before.
    const code = reason === "preemption" ? notedExitCode(this.#folder) : undefined;
    this.#conclude(code === undefined ? { kind: "ended", reason } : { kind: "exited", code });
  }

  /** Shortens the grace of an end that is under way. */
  hasten(graceMilliseconds: number): void {
    this.#grace = Math.min(this.#grace, graceMilliseconds);
    this.#tree?.hasten(graceMilliseconds);
  }

  /** Lets go of the launch, which runs on. */
  release(): void {
    this.#watcher?.close();
  }

  async #exited(end: ProcessEnd): Promise<void> {
    if (this.#ending) return;
    const noted = notedExitCode(this.#folder);
    if (noted !== undefined) this.#conclude({ kind: "exited", code: noted });
    else if (end.kind === "signal") await this.#lost(`was killed by ${end.name}`);
    else if (end.kind === "unknown" || end.code === ALREADY_STARTED) {
      // Another process is the one that was started, or who told us is gone: from now on we look ourselves.
      this.#isTold = false;
      if (!(await this.adopt())) await this.#lost("ended before it ran it");
    } else this.#conclude({ kind: "exited", code: end.code });
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
