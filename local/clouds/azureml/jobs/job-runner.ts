import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandJob, EnvironmentVersion, JobStatus } from "../contract.ts";
import { isTerminal } from "../contract.ts";
import type { Environments, Toolchain } from "../environments/environments.ts";
import { userError } from "../http/arm-error.ts";
import type { WorkspaceCoordinates } from "../options.ts";
import type { EndingReason, JobFailure, JobRecord, JobRecords } from "../store/job-records.ts";
import type { Journal } from "../store/journal.ts";
import type { Artifacts } from "./artifacts.ts";
import type { DataPaths } from "./data-paths.ts";
import type { DataPlace } from "./data-place.ts";
import { type Ending, finishJob } from "./finish-job.ts";
import { parseDuration } from "./iso-duration.ts";
import {
  azureMlVariables,
  type Environment,
  jobVariables,
  MARKER_VARIABLE,
  type MachineEnvironment,
  machineVariables,
} from "./job-environment.ts";
import type { JobFolders, LaunchFolder } from "./job-folders.ts";
import { missingInput, notHonoured, planJob } from "./job-plan.ts";
import type { JobQueue } from "./job-queue.ts";
import { layOut } from "./launch.ts";
import type { Launcher } from "./launcher.ts";
import type { Leftovers } from "./leftovers.ts";
import type { LogLimit } from "./log-limit.ts";
import type { RunStatusNotifier } from "./run-status-notifier.ts";
import { type Outcome, RunningJob } from "./running-job.ts";

const LOOK_MILLISECONDS = 1_000;
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** How long a stop waits for jobs whose command has ended to be stored as ended; they go on at the next start. */
const FINISH_PATIENCE_MILLISECONDS = 1_000;

export interface RunnerParts {
  journal: Journal;
  records: JobRecords;
  notifier: RunStatusNotifier;
  queue: JobQueue;
  environments: Environments;
  folders: JobFolders;
  paths: DataPaths;
  artifacts: Artifacts;
  leftovers: Leftovers;
  launcher: Launcher;
  logLimit: LogLimit;
}

export interface RunnerSettings {
  workspace: WorkspaceCoordinates;
  machine: MachineEnvironment;
  /** The environment version of a job; it was there when the job was submitted. */
  environmentOf(job: CommandJob): EnvironmentVersion;
  /** The folder of a job's snapshot. */
  snapshotOf(job: CommandJob): DataPlace | undefined;
  /** The name of a job's compute. */
  clusterOf(job: CommandJob): string;
  cancelGraceMilliseconds: number;
  preemptionGraceMilliseconds: number;
  clock: () => Date;
  log: (message: string) => void;
}

/** What is known of a live job in this process only. */
interface Live {
  /** Aborted when the job is to end before its command has started. */
  abort: AbortController;
  toolchain?: Toolchain;
  running?: RunningJob;
  timeout?: NodeJS.Timeout;
  launching?: Promise<void>;
  finishing?: Promise<void>;
  syncing?: Promise<void>;
}

/**
 * Takes jobs from submission to their end: environment, queue, launch, outputs. What a restart needs is stored before
 * it matters: a launch is, with its marker, before its process starts, so that none is ever started twice.
 */
export class JobRunner {
  readonly #parts: RunnerParts;
  readonly #settings: RunnerSettings;
  readonly #live = new Map<JobRecord, Live>();
  readonly #mayStart = Promise.withResolvers<void>();
  #looking: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: RunnerParts, settings: RunnerSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Takes over every job that had not ended when the last server did. Those without a process wait for {@link startWaiting}. */
  start(): void {
    const open = this.#parts.records.open();
    for (const job of open) if (isTerminal(job.state.status)) this.#tidy(job);
    const live = open.filter((job) => !isTerminal(job.state.status));
    const launched = live.filter((job) => job.state.marker !== undefined);
    const waiting = live.filter((job) => job.state.marker === undefined);
    for (const job of launched) this.#parts.queue.occupy(this.#settings.clusterOf(job.properties), job);
    for (const job of launched) this.#recover(job).catch((error: Error) => this.#fail(job, "ServiceError", error.message));
    // What most environments come down to; known, it spares their jobs a time of Preparing.
    const found = this.#parts.environments.findDefault();
    found
      .then((interpreter) => (interpreter ? this.#parts.launcher.start(interpreter.executable) : undefined))
      .catch((error: Error) => this.#settings.log(`Jobs are started without the launcher's helper: ${error.message}`));
    if (waiting.length > 0) void Promise.all([found, this.#mayStart.promise]).then(() => waiting.forEach((job) => this.#resume(job)));
    this.#looking = setInterval(() => this.#look(), LOOK_MILLISECONDS).unref();
  }

  startWaiting(): void {
    this.#mayStart.resolve();
  }

  /**
   * Stores a new job. To be followed by {@link begin} once the journal is durable.
   * @throws {ArmError} 400 when its data or command cannot be resolved here.
   */
  submit(name: string, properties: CommandJob): JobRecord {
    const createdAt = this.#now();
    const state = {
      status: "NotStarted" as const,
      statusAt: createdAt,
      changes: 1,
      notified: 0,
      createdAt,
      launch: 0,
      warnings: [],
      tidied: false,
    };
    const job: JobRecord = { name, position: 0, properties, state };
    planJob(name, properties, this.#parts.paths, this.#folder(job));
    const toolchain = this.#parts.environments.ready(this.#settings.environmentOf(properties));
    this.#live.set(job, { abort: new AbortController(), ...(toolchain ? { toolchain } : {}) });
    if (toolchain) this.#decide(job);
    else job.state.status = "Preparing";
    this.#parts.records.insert(job);
    return job;
  }

  /** Sets a job going that {@link submit} stored. One that has got its node, or was canceled, since then is on its way already. */
  begin(job: JobRecord): void {
    if (job.state.changes > 1) return;
    this.#parts.notifier.changed(job);
    if (job.state.status === "Preparing") void this.#prepare(job);
    else if (job.state.status === "Starting") void this.#launch(job);
  }

  /** @throws {ArmError} 400 when the job has ended or is about to. Resolves when the wish is stored. */
  async cancel(job: JobRecord): Promise<void> {
    const { status } = job.state;
    if (isTerminal(status) || status === "Finalizing") {
      throw userError(400, "JobNotCancelable", `The job '${job.name}' is ${status} and can no longer be canceled`, "name");
    }
    if (status !== "CancelRequested") this.#end(job, "cancel");
    await this.#parts.journal.durable();
  }

  /** A cluster has so many nodes from now on. */
  resize(cluster: string, nodes: number): void {
    this.#startAll(this.#parts.queue.resize(cluster, nodes));
  }

  usage(cluster: string): { running: number; waiting: number } {
    return this.#parts.queue.usage(cluster);
  }

  /** `preempt` ends what runs and puts it back into the queue; otherwise it runs on and is taken over at the next start. */
  async stop(preempt: boolean): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#looking);
    const live = [...this.#live];
    await Promise.allSettled(live.map(([, { launching }]) => launching));
    if (preempt) for (const [job] of live) this.#preempt(job);
    for (const [, { timeout }] of live) clearTimeout(timeout);
    await this.#parts.environments.stop();
    const finishing = live.flatMap(([, one]) => one.finishing ?? []);
    const patience = preempt ? this.#settings.preemptionGraceMilliseconds + FINISH_PATIENCE_MILLISECONDS : FINISH_PATIENCE_MILLISECONDS;
    await Promise.race([Promise.allSettled(finishing), delay(patience, undefined, { ref: false })]);
    await this.#parts.leftovers.sweep();
    for (const [, { running }] of this.#live) running?.release();
    await this.#parts.launcher.stop();
  }

  /** Puts the job into the queue of its cluster, and says what came of it. Stores nothing. */
  #decide(job: JobRecord): void {
    job.state.warnings = [...(this.#live.get(job)?.toolchain?.warnings ?? []), ...notHonoured(job.properties)];
    if (this.#parts.queue.enter(this.#settings.clusterOf(job.properties), job)) intendLaunch(job);
    else job.state.status = "Queued";
  }

  /** Builds the environment, then queues the job. */
  async #prepare(job: JobRecord): Promise<void> {
    const live = this.#liveOf(job);
    try {
      const log = join(this.#artifacts(job), "azureml-logs", "20_image_build_log.txt");
      live.toolchain = await this.#parts.environments.prepare(this.#settings.environmentOf(job.properties), log, live.abort.signal);
    } catch (error) {
      if (this.#stopped || job.state.ending) return;
      this.#conclude(job, {
        status: "Failed",
        failure: { code: "ImageBuildFailure", message: (error as Error).message },
        warnings: this.#parts.environments.warningsNow(this.#settings.environmentOf(job.properties)),
      });
      return;
    }
    if (this.#stopped || job.state.ending) return;
    this.#decide(job);
    this.#changed(job);
    this.#startStored([job]);
  }

  #startAll(jobs: readonly JobRecord[]): void {
    if (this.#stopped) return;
    for (const job of jobs) {
      intendLaunch(job);
      this.#changed(job);
    }
    this.#startStored(jobs);
  }

  /** Launches those of the jobs that have their nodes, once that is on disk. */
  #startStored(jobs: readonly JobRecord[]): void {
    const starting = jobs.filter((job) => job.state.status === "Starting");
    if (starting.length === 0) return;
    this.#parts.journal.durable().then(
      () => starting.forEach((job) => void this.#launch(job)),
      (error: Error) => starting.forEach((job) => this.#fail(job, "ServiceError", `The launch could not be stored: ${error.message}`)),
    );
  }

  async #launch(job: JobRecord): Promise<void> {
    const live = this.#liveOf(job);
    const { paths, folders, records } = this.#parts;
    const folder = this.#folder(job);
    if (job.state.ending || this.#stopped || live.running || live.finishing) return;
    try {
      const plan = planJob(job.name, job.properties, paths, folder);
      const missing = await missingInput(plan);
      if (missing) throw new Error(`input '${missing.name}' is not there: ${missing.source.shown}`);
      folders.create(folder);
      await layOut(folder, plan, this.#settings.snapshotOf(job.properties));
      if (job.state.ending || this.#stopped) return;
      const running = new RunningJob(folder, job.state.marker ?? "");
      live.running = running;
      job.state.startedAt = this.#now();
      live.launching = running.start(this.#parts.launcher, this.#log(job), this.#environment(job, plan.variables));
      await live.launching;
      if (running.identity) job.state.process = running.identity;
      if (job.state.ending) records.saveLazily(job);
      else this.#move(job, "Running", "lazily");
      this.#follow(job, running);
    } catch (error) {
      delete live.running;
      this.#fail(job, "UserError", `The job could not be started: ${(error as Error).message}`);
    }
  }

  #environment(job: JobRecord, variables: Environment): Environment {
    const toolchain = this.#liveOf(job).toolchain;
    return {
      ...machineVariables(this.#settings.machine, toolchain?.folders ?? []),
      ...toolchain?.variables,
      ...azureMlVariables(job, this.#settings.workspace),
      ...variables,
      ...jobVariables(job),
      [MARKER_VARIABLE]: job.state.marker ?? "",
    };
  }

  /** Sees a launch to its end. */
  #follow(job: JobRecord, running: RunningJob): void {
    const live = this.#liveOf(job);
    this.#armTimeout(job);
    live.finishing = running.outcome
      .then((outcome) => this.#finish(job, outcome))
      .catch((error: Error) => this.#fail(job, "ServiceError", `The job could not be finished: ${error.message}`));
  }

  async #finish(job: JobRecord, outcome: Outcome): Promise<void> {
    clearTimeout(this.#liveOf(job).timeout);
    if (outcome.kind === "ended" && outcome.reason === "preemption") return this.#requeue(job);
    if (outcome.kind === "exited" && job.state.ending === "preemption") delete job.state.ending;
    const asked = job.state.ending;
    const settled: Outcome = asked && asked !== "preemption" ? { kind: "ended", reason: asked } : outcome;
    if (settled.kind !== "ended") this.#move(job, "Finalizing", "lazily");
    await this.#sync(job);
    await this.#parts.logLimit
      .atEnd(this.#log(job))
      .catch((error: Error) => job.state.warnings.push(`The log could not be shortened: ${error.message}`));
    const folder = this.#folder(job);
    this.#conclude(
      job,
      await finishJob(settled, planJob(job.name, job.properties, this.#parts.paths, folder), folder, {
        artifacts: this.#parts.artifacts,
        job: job.name,
      }),
    );
  }

  /** The job has ended. */
  #conclude(job: JobRecord, { status, failure, warnings }: Ending): void {
    const { state } = job;
    if (isTerminal(state.status)) return;
    clearTimeout(this.#live.get(job)?.timeout);
    state.endedAt = this.#now();
    state.warnings.push(...warnings);
    if (failure) state.failure = failure;
    state.status = status;
    state.statusAt = state.endedAt;
    state.changes++;
    this.#live.delete(job);
    void this.#storeEnd(job);
    this.#startAll(this.#parts.queue.leave(this.#settings.clusterOf(job.properties), job));
  }

  /** The end is told when it is on disk; a full disk delays it. */
  async #storeEnd(job: JobRecord): Promise<void> {
    for (let gap = 100; !this.#parts.journal.closed; gap = Math.min(gap * 2, 10_000)) {
      try {
        this.#parts.records.save(job);
        await this.#parts.journal.durable();
        this.#parts.notifier.changed(job);
        this.#tidy(job);
        return;
      } catch (error) {
        this.#settings.log(`The end of job ${job.name} could not be stored: ${(error as Error).message}. Trying again.`);
        await delay(gap, undefined, { ref: false });
      }
    }
  }

  #fail(job: JobRecord, code: JobFailure["code"], message: string): void {
    this.#conclude(job, { status: "Failed", failure: { code, message }, warnings: [] });
  }

  /** A pre-empted job waits for its next launch. */
  #requeue(job: JobRecord): void {
    const { state } = job;
    delete state.marker;
    delete state.process;
    delete state.ending;
    delete state.startedAt;
    this.#move(job, "Queued");
    this.#parts.queue.leave(this.#settings.clusterOf(job.properties), job);
    this.#live.delete(job);
  }

  /** Ends a job from outside, at whatever point it is. */
  #end(job: JobRecord, reason: "cancel" | "timeout"): void {
    const live = this.#liveOf(job);
    job.state.ending = reason;
    live.abort.abort(new Error("The job was canceled"));
    if (live.running) {
      this.#move(job, "CancelRequested");
      this.#endProcesses(job, live.running, reason, this.#settings.cancelGraceMilliseconds);
    } else this.#conclude(job, { status: "Canceled", warnings: [] });
  }

  #preempt(job: JobRecord): void {
    const running = this.#live.get(job)?.running;
    if (!running || job.state.status === "Finalizing") return;
    const grace = this.#settings.preemptionGraceMilliseconds;
    if (job.state.ending) running.hasten(grace);
    else {
      job.state.ending = "preemption";
      this.#parts.records.save(job);
      this.#endProcesses(job, running, "preemption", grace);
    }
  }

  #endProcesses(job: JobRecord, running: RunningJob, reason: EndingReason, grace: number): void {
    this.#parts.journal
      .durable()
      // A full disk must not keep a job alive.
      .catch((error: Error) => this.#settings.log(`The end of job ${job.name} could not be stored: ${error.message}`))
      .then(() => running.end(reason, grace))
      .catch((error: Error) => this.#settings.log(`The processes of job ${job.name} could not be ended: ${error.stack}`));
  }

  /** A job whose launch was stored by an earlier server. */
  async #recover(job: JobRecord): Promise<void> {
    const { state } = job;
    const live = this.#liveOf(job);
    const running = new RunningJob(this.#folder(job), state.marker ?? "", state.process);
    live.running = running;
    if (state.ending) {
      this.#follow(job, running);
      const grace = state.ending === "preemption" ? this.#settings.preemptionGraceMilliseconds : this.#settings.cancelGraceMilliseconds;
      await running.end(state.ending, grace);
      await live.finishing;
      await this.#mayStart.promise;
      if (state.marker === undefined) this.#resume(job);
    } else if (await running.adopt()) {
      if (running.identity) state.process = running.identity;
      state.startedAt ??= this.#now();
      this.#move(job, "Running", "lazily");
      this.#follow(job, running);
    } else {
      delete live.running;
      await this.#mayStart.promise;
      await this.#relaunch(job, live);
    }
  }

  /** The launch was stored, and nothing came of it: it is still to be made, under the same number and marker. */
  async #relaunch(job: JobRecord, live: Live): Promise<void> {
    const log = join(this.#artifacts(job), "azureml-logs", "20_image_build_log.txt");
    live.toolchain = await this.#parts.environments.prepare(this.#settings.environmentOf(job.properties), log, live.abort.signal);
    await this.#launch(job);
  }

  /** A job that has no launch yet, as if it were new. */
  #resume(job: JobRecord): void {
    if (this.#stopped || isTerminal(job.state.status)) return;
    const live = this.#liveOf(job);
    const toolchain = this.#parts.environments.ready(this.#settings.environmentOf(job.properties));
    if (job.state.ending) this.#conclude(job, { status: "Canceled", warnings: [] });
    else if (toolchain) {
      live.toolchain = toolchain;
      this.#decide(job);
      this.#changed(job);
      this.#startStored([job]);
    } else {
      this.#move(job, "Preparing");
      void this.#prepare(job);
    }
  }

  #armTimeout(job: JobRecord): void {
    const limit = parseDuration(job.properties.limits?.timeout ?? "");
    if (limit === undefined || job.state.ending) return;
    const left = Date.parse(job.state.startedAt ?? this.#now()) + limit - this.#settings.clock().getTime();
    const live = this.#liveOf(job);
    const due = () => {
      if (left > LONGEST_TIMER_MILLISECONDS) this.#armTimeout(job);
      else if (!job.state.ending && job.state.status === "Running") this.#end(job, "timeout");
    };
    live.timeout = setTimeout(due, Math.min(Math.max(left, 0), LONGEST_TIMER_MILLISECONDS)).unref();
  }

  /** The slow watch over what tells nobody: a log's length, and the end of a process that is not our child. */
  #look(): void {
    for (const [job, { running }] of this.#live) {
      void this.#sync(job);
      if (!running || job.state.status !== "Running") continue;
      void this.#parts.logLimit.whileRunning(this.#log(job));
      running.look().catch((error: Error) => this.#settings.log(`Job ${job.name} could not be looked at: ${error.message}`));
    }
  }

  /** Brings the job's logs on; when that fails, the next time does. */
  #sync(job: JobRecord): Promise<void> {
    const live = this.#liveOf(job);
    live.syncing ??= this.#parts.artifacts
      .sync(job.name)
      .catch((error: Error) => this.#settings.log(`The logs of job ${job.name} could not be brought on: ${error.message}`))
      .finally(() => delete live.syncing);
    return live.syncing;
  }

  /** What the command left running ends, and its folder goes. */
  #tidy(job: JobRecord): void {
    const { artifacts, folders, leftovers, records, journal } = this.#parts;
    const done = async () => {
      await Promise.all([folders.remove(job), artifacts.release(job.name)]);
      if (journal.closed) return;
      job.state.tidied = true;
      records.saveLazily(job);
    };
    const remove = () =>
      void done().catch((error: Error) => this.#settings.log(`The folder of job ${job.name} could not be removed: ${error.message}`));
    if (job.state.marker === undefined) remove();
    else if (!job.state.tidied) leftovers.add(job.state.marker, remove);
  }

  #move(job: JobRecord, status: JobStatus, how?: "lazily"): void {
    job.state.status = status;
    this.#changed(job, how);
  }

  #changed(job: JobRecord, how?: "lazily"): void {
    job.state.statusAt = this.#now();
    job.state.changes++;
    if (how === "lazily") this.#parts.records.saveLazily(job);
    else this.#parts.records.save(job);
    this.#parts.notifier.changed(job);
  }

  #liveOf(job: JobRecord): Live {
    const live = this.#live.get(job) ?? { abort: new AbortController() };
    this.#live.set(job, live);
    return live;
  }

  #folder(job: JobRecord): LaunchFolder {
    return this.#parts.folders.of(job);
  }

  #artifacts(job: JobRecord): string {
    return this.#parts.artifacts.folder(job.name);
  }

  #log(job: JobRecord): string {
    return join(this.#artifacts(job), "user_logs", "std_log.txt");
  }

  #now(): string {
    return this.#settings.clock().toISOString();
  }
}

/** A launch of its own number and marker, which is stored before its process is started. */
function intendLaunch({ state }: JobRecord): void {
  state.status = "Starting";
  state.launch++;
  state.marker = randomBytes(16).toString("hex");
}
