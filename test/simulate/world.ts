import type { Worker } from "../../local/host/contract.ts";
import { isFinished } from "../../local/host/durable/loaded-instance.ts";
import type { RunGraph, RunHead } from "../../shared/domain/run-documents.ts";
import type { Chance } from "./chance.ts";
import { Host, type Invocation } from "./host.ts";
import { RemoteCompute } from "./remote-compute.ts";
import { type Crash, type Faults, type JobPlan, NO_FAULTS, type Scenario, type SimulatedRun } from "./scenario.ts";
import { Scheduler } from "./scheduler.ts";
import { StoredDocuments } from "./stored-documents.ts";
import { StoredInstances } from "./stored-instances.ts";

const BEGIN = Date.UTC(2026, 6, 1);
const LIVE = ["Pending", "Running", "Suspended"] as const;

export interface Violation {
  /** As in docs/invariants.md. */
  readonly invariant: string;
  readonly what: string;
  /** Milliseconds of the simulation. */
  readonly at: number;
}

/** One host after another on the same files, the services beside them, and everything that anybody outside was promised. */
export class World {
  readonly chance: Chance;
  /** Random bytes of ids: apart, so that they change nothing else. */
  readonly ids: Chance;
  readonly scheduler = new Scheduler();
  readonly instances = new StoredInstances();
  readonly documents = new StoredDocuments();
  readonly remote = new RemoteCompute(this.scheduler, () => BEGIN + Math.floor(this.scheduler.now));
  readonly lines: string[] = [];
  readonly violations: Violation[] = [];
  faults: Faults;
  host: Host | undefined;
  hostSince = 0;
  /** Who submits to the compute, and who starts an instance, at this moment. */
  submitting: Invocation | undefined;
  starting: Invocation | undefined;
  /** Ids of runs by the run's name, and when cancels were acknowledged by run id. */
  readonly submitted = new Map<string, string>();
  readonly canceled = new Map<string, number>();
  /** Probes whose start was acknowledged, and how often each item was raised, by probe and item. */
  readonly promised = new Set<string>();
  readonly raised = new Map<string, number>();
  /** Clients with something left to do. */
  clients = 0;
  crashes = 0;
  readonly #crashes: Crash[];
  readonly #graphs = new Map<string, { run: SimulatedRun; step: number }>();
  #offset = 0;

  constructor(
    readonly scenario: Scenario,
    chance: Chance,
    private readonly worker: Worker,
  ) {
    this.chance = chance;
    this.ids = chance.fork();
    this.faults = scenario.faults;
    this.#crashes = [...scenario.crashes];
    this.instances.onCommit = () => this.#wrote();
    this.scheduler.afterStep = () => this.#crashWhenDue();
    this.scheduler.after(scenario.faultsEndMs, () => {
      this.faults = NO_FAULTS;
      this.trace("from here on nothing goes wrong any more");
    });
    for (const { atMs, byMs } of scenario.jumps)
      this.scheduler.after(atMs, () => {
        this.#offset += byMs;
        this.trace(`the clock jumps by ${byMs} ms`);
      });
  }

  trace(line: string): void {
    this.lines.push(`${this.scheduler.now.toFixed(3)} ${line}`);
  }

  violated(invariant: string, what: string): void {
    this.violations.push({ invariant, what, at: this.scheduler.now });
    this.trace(`VIOLATED ${invariant}: ${what}`);
  }

  /** Milliseconds since the epoch. */
  wallTime(): number {
    return BEGIN + this.#offset + Math.floor(this.scheduler.now);
  }

  /** One way of a call. */
  latency(): number {
    return this.chance.between(0, this.scenario.latencyMs);
  }

  boot(): void {
    const host = new Host(this, this.worker);
    this.host = host;
    this.hostSince = this.scheduler.now;
    this.trace("a host starts");
    host.start();
    const next = this.#crashes[0];
    if (next && next.afterWrites === undefined) this.scheduler.after(next.afterMs, () => this.#crash(), host.scope);
  }

  wroteDocument(host: Host): void {
    this.#wrote();
    if (this.chance.yes(0.3)) this.scheduler.after(this.chance.between(0, 500), () => this.documents.journal.sync(), host.scope);
  }

  /** Another start at the end, to see what would move. */
  restart(): void {
    this.#crashes.length = 0;
    this.#end({ kind: "kill", downMs: 1, afterMs: 0, afterWrites: undefined });
  }

  /** What becomes of a step's job. */
  jobPlan(stepRunId: string): JobPlan {
    const found = this.stepOf(stepRunId);
    const plan = found?.run.jobs[found.step];
    if (!plan) throw new Error(`no step run ${stepRunId} was ever stored`);
    return plan;
  }

  /** The plan that a step run belongs to, and its index there. */
  stepOf(stepRunId: string): { run: SimulatedRun; step: number } | undefined {
    return this.#graphs.get(stepRunId);
  }

  /** A graph was written: which step run is which of its run's plan. */
  learnGraph(body: string): void {
    const { graph, stepRunIds } = JSON.parse(body) as RunGraph;
    const run = this.scenario.runs.find(({ name }) => name === graph.name);
    graph.steps.forEach(({ key }, index) => {
      const id = stepRunIds[index];
      if (run && id) this.#graphs.set(id, { run, step: Number(key.slice(1)) });
    });
  }

  /** Heads as they stand in the store. */
  heads(): RunHead[] {
    return this.documents.list("runs", { limit: 1000 }).items.map(({ value }) => value as RunHead);
  }

  /** Nobody has anything to do any more. */
  isOver(): boolean {
    if (this.clients > 0 || !this.host || this.instances.journal.isOpen) return false;
    if (this.instances.instances({ statuses: LIVE }, 1).length > 0) return false;
    return this.documents.list("runs", { limit: 1, where: { settled: false } }).items.length === 0;
  }

  unfinished(): string[] {
    const live = this.instances.instances({ statuses: LIVE }, 100).map(({ id, name, status }) => `${name} ${id} is ${status}`);
    const runs = this.heads().flatMap(({ id, status, settled }) => (settled ? [] : [`run ${id} is ${status}`]));
    return [...(this.clients > 0 ? [`${this.clients} clients wait`] : []), ...runs, ...live];
  }

  isLive(id: string): boolean {
    const row = this.instances.instance(id);
    return row !== undefined && !isFinished(row.status);
  }

  #wrote(): void {
    if (this.host) this.host.writes++;
  }

  #crashWhenDue(): void {
    const due = this.#crashes[0]?.afterWrites;
    if (this.host && due !== undefined && this.host.writes >= due) this.#crash();
  }

  #crash(): void {
    const crash = this.#crashes.shift();
    if (!crash || this.scheduler.now > this.scenario.faultsEndMs || !this.host) return;
    if (crash.kind === "stop") this.#stop(this.host, crash);
    else this.#end(crash);
  }

  #stop(host: Host, crash: Crash): void {
    this.trace("the host is asked to stop");
    void host.engine.stop(0).then(() => {
      if (this.host === host) this.#end(crash);
    });
  }

  #end({ kind, downMs }: Crash): void {
    const [instances, documents] = [this.instances.journal, this.documents.journal];
    // A killed process leaves what it gave to the operating system: all commits of the engine, but not a store's open transaction.
    const keptInstances = kind === "power" ? this.chance.whole(0, instances.atRisk) : instances.atRisk;
    const keptDocuments = kind === "stop" ? documents.atRisk : this.chance.whole(0, documents.atRisk);
    this.trace(
      `the host ends (${kind}); of ${instances.atRisk} commits of the engine ${keptInstances} stay, of ${documents.atRisk} documents ${keptDocuments}`,
    );
    this.crashes++;
    this.host?.die();
    this.host = undefined;
    instances.crash(keptInstances);
    documents.crash(keptDocuments);
    this.scheduler.after(downMs, () => this.boot());
  }
}
