import { availableParallelism } from "node:os";
import type { HostLog } from "../contract.ts";
import { Activities, type Ending } from "./activities.ts";
import { sendHttp } from "./call-http.ts";
import { Commits } from "./commits.ts";
import { Episodes } from "./episodes.ts";
import { Execution } from "./execution.ts";
import { thrown } from "./failure.ts";
import { DurableFunctions } from "./functions.ts";
import { Instances } from "./instances.ts";
import { isFinished, type LoadedInstance, type Message } from "./loaded-instance.ts";
import { Messages } from "./messages.ts";
import type { DurableOptions, DurableParts } from "./options.ts";
import type { ReplayLimits, ReplayWorld } from "./replay-world.ts";
import { Slip } from "./second-replay.ts";
import type { DurableStorage, HistoryRow, InstanceRow, NewInstance, TimerRow, WorkRow } from "./storage.ts";
import { Timers } from "./timers.ts";
import { Turns } from "./turns.ts";
import { event, executionStarted, type HistoryEvent, type ParentInstance } from "./wire.ts";

const DAY_MS = 86_400_000;

/** What a new execution starts with. `input` is JSON text. */
export interface Start {
  name: string;
  id: string;
  input: string | null;
  parent: ParentInstance | null;
}

/**
 * Moves messages to instances and runs their episodes: at most one at a time for an instance, with everything that has
 * come for it. Reads and writes nothing but its storage, and takes time and chance only from its arguments. A write that
 * fails is its end, as a crash would be: another engine then goes on from the storage.
 */
export class Engine {
  readonly storage: DurableStorage;
  readonly functions: DurableFunctions;
  readonly commits: Commits;
  readonly limits: ReplayLimits;
  readonly log: HostLog;
  private readonly instances: Instances;
  private readonly messages: Messages;
  private readonly activities: Activities;
  private readonly timers: Timers;
  private readonly episodes: Episodes;
  private readonly turns: Turns;
  /** The state is closed: what ends now is run again at the next start. */
  isClosed = false;
  /** Called once when the state could not be written: what this engine knows and the storage does not is lost. */
  onFailure: (error: unknown) => void = () => {};
  private newWork: WorkRow[] = [];
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(readonly parts: DurableParts) {
    const { storage, clock, worker, log, options } = parts;
    this.storage = storage;
    this.log = log;
    this.limits = {
      maximumShortTimerMs: options.maximumShortTimerMs ?? 6 * DAY_MS,
      timerLegMs: options.timerLegMs ?? 3 * DAY_MS,
      httpSleepMs: options.httpSleepMs ?? 30_000,
    };
    this.functions = new DurableFunctions(worker);
    this.commits = new Commits(storage, clock);
    this.messages = new Messages(storage, this.commits);
    this.commits.beforeCommit = () => this.messages.store();
    this.turns = new Turns(clock, options.maxConcurrentOrchestratorFunctions ?? Number.POSITIVE_INFINITY, {
      run: (instance) => this.episode(instance),
      rested: (instance) => this.rested(instance),
    });
    this.commits.isBusy = () => this.turns.isBusy;
    this.commits.onFailure = (error) => this.broke(error);
    this.instances = new Instances(storage, (row) => this.load(row), options.mostIdleInstances ?? 1000);
    this.activities = new Activities({
      worker,
      functions: this.functions,
      send: options.send ?? sendHttp,
      log,
      limit: options.maxConcurrentActivityFunctions ?? 10 * availableParallelism(),
      ended: (work, ending) => this.activityEnded(work, ending),
    });
    this.timers = new Timers(
      storage,
      clock,
      (timer) => this.timerFired(timer),
      (work) => this.commits.attempt(work),
    );
    this.episodes = new Episodes(this);
  }

  /** How many instances are in memory. */
  get loaded(): number {
    return this.instances.size;
  }

  now(): number {
    return this.parts.clock.now();
  }

  /** Goes on with what an earlier process left. */
  start(): void {
    for (const { id, instance, execution, text } of this.storage.messages())
      this.deliver({ instance, execution, text, event: JSON.parse(text) as HistoryEvent, stored: id });
    this.activities.add(this.storage.work());
    this.timers.start();
  }

  /** Ends what runs, or leaves it after `graceMs`; then the state is on disk and closed. */
  async stop(graceMs: number): Promise<void> {
    await this.quiet(graceMs);
    this.isClosed = true;
    this.commits.flush();
    this.commits.stop();
    this.storage.close();
  }

  /** Begins nothing any more; resolves when what runs has ended, or after `graceMs`. */
  async quiet(graceMs: number): Promise<void> {
    this.timers.stop();
    const ended = Promise.all([this.activities.stop(), this.turns.stop()]);
    await Promise.race([ended, new Promise<void>((resolve) => this.parts.clock.setTimer(this.now() + graceMs, resolve))]);
  }

  /** Creates an instance, in place of a finished one of the same id. */
  create(start: Start): LoadedInstance {
    const now = this.now();
    const executionId = this.parts.random.hex32();
    this.commits.write();
    const former = this.storage.instance(start.id);
    if (former) this.remove(former);
    const row: NewInstance = {
      id: start.id,
      execution: executionId,
      name: start.name,
      status: "Pending",
      created: now,
      updated: now,
      input: start.input,
      output: null,
      customStatus: null,
      parent: start.parent && JSON.stringify(start.parent),
    };
    const instance = this.instances.add(this.load({ ...row, key: this.storage.addInstance(row) }));
    this.send(instance.row, executionStarted(now, { ...start, instanceId: start.id, executionId }), executionId);
    return instance;
  }

  /** Lets a finished instance go on, as another execution with this history. */
  reopen(row: InstanceRow, execution: string, history: readonly HistoryRow[]): void {
    this.commits.write();
    this.instances.drop(row.key);
    this.storage.deleteHistory(row.key);
    this.storage.addHistory(row.key, 0, history);
    this.storage.changeInstance({ ...row, execution, status: "Running", output: null, updated: this.now() });
  }

  /** Forgets an instance and everything that belongs to it. */
  remove(row: InstanceRow): void {
    this.commits.write();
    const loaded = this.instances.peek(row.key);
    if (loaded) {
      for (const message of loaded.inbox.splice(0)) this.messages.consumed(message);
      this.turns.forget(loaded);
    }
    this.instances.drop(row.key);
    this.storage.deleteInstance(row.key);
  }

  /** Sends an event to an instance; `execution`: only to that one. */
  send(to: { key: number }, what: HistoryEvent, execution: string | null): void {
    const message: Message = { instance: to.key, execution, event: what, text: JSON.stringify(what) };
    this.messages.accept(message);
    this.deliver(message);
  }

  /** Calls back once when an instance ends; the returned function cancels. */
  whenFinished(id: string, callback: () => void): () => void {
    const waiting = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, waiting.add(callback));
    return () => {
      waiting.delete(callback);
      if (waiting.size === 0) this.waiting.delete(id);
    };
  }

  // What an episode uses.

  /** The events of a batch are part of the history now. */
  consumed(batch: readonly Message[]): void {
    for (const message of batch) this.messages.consumed(message);
  }

  addTimer(row: Omit<TimerRow, "id">): void {
    this.storage.addTimer(row);
    this.timers.expect(row.due);
  }

  /** An activity starts when the episode that scheduled it is committed. */
  addWork(row: Omit<WorkRow, "id">): void {
    if (this.newWork.length === 0)
      this.commits.whenCommitted(() => {
        this.activities.add(this.newWork.splice(0));
      });
    this.newWork.push({ ...row, id: this.storage.addWork(row) });
  }

  private world(of: { name: string; id: string }): ReplayWorld {
    // A walk from the first event meets the same slip again.
    const told = new Set<string>();
    return {
      limits: this.limits,
      knows: (kind, name) => this.functions.find(kind, name) !== undefined,
      names: (kind) => this.functions.names(kind),
      slip: (what) => {
        if (told.has(what)) return;
        this.slip(what, of);
        told.add(what);
      },
    };
  }

  slip(what: string, of: { name: string; id: string }): void {
    if (this.options.failOnSlips) throw new Slip(what);
    this.log("error", `Azure would not tell: ${what}`, { instanceId: of.id, orchestrator: of.name });
  }

  get options(): DurableOptions {
    return this.parts.options;
  }

  executionOf(row: InstanceRow): Execution {
    const parent = row.parent === null ? null : (JSON.parse(row.parent) as ParentInstance);
    const facts = {
      name: row.name,
      instanceId: row.id,
      executionId: row.execution,
      parentInstanceId: parent?.OrchestrationInstance.InstanceId ?? null,
    };
    return new Execution(facts, this.world(row));
  }

  private load(row: InstanceRow): LoadedInstance {
    const execution = this.executionOf(row);
    if (row.status !== "Pending" && !isFinished(row.status)) execution.load(this.storage.history(row.key));
    return { row, execution, inbox: [], busy: false, replayMs: 0 };
  }

  private deliver(message: Message): void {
    const instance = this.instances.find(message.instance);
    if (!instance || isFinished(instance.row.status)) {
      this.messages.consumed(message);
      if (instance) this.instances.rest(instance);
      return;
    }
    this.instances.use(instance);
    instance.inbox.push(message);
    this.turns.wake(instance);
  }

  private activityEnded(work: WorkRow, { type, members }: Ending): void {
    if (this.isClosed) return;
    this.commits.attempt(() => {
      this.commits.write();
      this.storage.deleteWork(work.id);
      this.send({ key: work.instance }, event(type, this.now(), members), work.execution);
    });
  }

  private timerFired(timer: TimerRow): void {
    this.commits.write();
    this.storage.deleteTimer(timer.id);
    const message: Message = {
      instance: timer.instance,
      execution: timer.execution,
      text: timer.text,
      event: JSON.parse(timer.text) as HistoryEvent,
    };
    this.messages.accept(message);
    this.deliver(message);
  }

  private async episode(instance: LoadedInstance): Promise<void> {
    const { row } = instance;
    try {
      await this.episodes.run(instance, instance.inbox.splice(0));
    } catch (error) {
      if (this.isClosed) return; // the state could not be written, which has been told
      // A fault of this host: the state still holds the messages, and a new start runs the episode again.
      const { message, stack } = thrown(error);
      this.log("error", `An episode of '${row.id}' could not be ended: ${message}`, { instanceId: row.id, stack });
    }
  }

  private rested(instance: LoadedInstance): void {
    this.commits.attempt(() => {
      if (isFinished(instance.row.status)) {
        for (const message of instance.inbox.splice(0)) this.messages.consumed(message);
        for (const callback of this.waiting.get(instance.row.id) ?? []) callback();
      }
      this.instances.rest(instance);
    });
  }

  private broke(error: unknown): void {
    this.isClosed = true;
    this.onFailure(error);
  }
}
