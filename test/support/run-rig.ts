import { AsyncLocalStorage } from "node:async_hooks";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DurableClient } from "durable-functions";
import { durableOrchestrations } from "../../functions/durable-orchestrations.ts";
import { activities, eventTriggers, orchestrators, timers } from "../../functions/registry.ts";
import type { Invocation, InvocationResult, Worker } from "../../local/host/contract.ts";
import { Engine } from "../../local/host/durable/engine.ts";
import { ManagementApi } from "../../local/host/durable/management-api.ts";
import { openSqliteStorage } from "../../local/host/durable/sqlite-storage.ts";
import type { DurableStorage } from "../../local/host/durable/storage.ts";
import { type LoadedWorker, loadWorker } from "../../local/host/worker/load-worker.ts";
import { createCatalogStore } from "../../shared/adapters/documents/catalog-store.ts";
import { createDatasetStore } from "../../shared/adapters/documents/dataset-store.ts";
import { createPipelineStore } from "../../shared/adapters/documents/pipeline-store.ts";
import { createReuseStore } from "../../shared/adapters/documents/reuse-store.ts";
import { createRunStore } from "../../shared/adapters/documents/run-store.ts";
import { createScheduleStore } from "../../shared/adapters/documents/schedule-store.ts";
import { openLocalBlobStore } from "../../shared/adapters/local-blob/blob-store.ts";
import { openSqliteDocuments } from "../../shared/adapters/sqlite/documents.ts";
import { createIds } from "../../shared/adapters/system/clock.ts";
import { SubmitRunRequest } from "../../shared/api/requests.ts";
import type { StepResource } from "../../shared/api/resources.ts";
import type { Services } from "../../shared/composition.ts";
import type { PipelineGraph } from "../../shared/domain/pipeline-graph.ts";
import type { RunHead } from "../../shared/domain/run-documents.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Principal } from "../../shared/ports/callers.ts";
import { type Documents, StoreError } from "../../shared/ports/documents.ts";
import type { Orchestrations } from "../../shared/ports/orchestrations.ts";
import { advanceRun } from "../../shared/services/advance-run.ts";
import { beginStep } from "../../shared/services/begin-step.ts";
import { cancelRun } from "../../shared/services/cancel-run.ts";
import { createCatalog, datastoreContainer } from "../../shared/services/catalog.ts";
import { failRun } from "../../shared/services/fail-run.ts";
import { failStep } from "../../shared/services/fail-step.ts";
import { forecastRun } from "../../shared/services/forecast-run.ts";
import { noteJobChange } from "../../shared/services/note-events.ts";
import { createPipelineServices } from "../../shared/services/pipeline-services.ts";
import { reconcile } from "../../shared/services/reconcile.ts";
import { resubmitRun } from "../../shared/services/resubmit-run.ts";
import { findArtifact, listArtifacts, listOutputs, putArtifact } from "../../shared/services/run-files.ts";
import { createChildRun, endRun, listChildRuns, listMetrics, logMetrics, patchRun } from "../../shared/services/run-record.ts";
import { ScheduleLooks } from "../../shared/services/schedules/look-at-schedules.ts";
import { createScheduleServices } from "../../shared/services/schedules/schedule-services.ts";
import { schedulesOf } from "../../shared/services/schedules/schedules-of.ts";
import { settleStep } from "../../shared/services/settle-step.ts";
import { StepPhases } from "../../shared/services/step-phases.ts";
import { getRun, listRuns, listSteps } from "../../shared/services/view-runs.ts";
import { FakeCompute, type JobPlan } from "./fake-compute.ts";
import { managementRequest } from "./management-request.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { WatchedDocuments } from "./watched-documents.ts";

const BEGIN = Date.UTC(2026, 6, 1);
const MINUTE_MS = 60_000;
const REDELIVERY_MS = 10_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A job's states in the words of Azure ML's run history. */
const WORDS: Record<string, string> = {
  queued: "Queued",
  preparing: "Preparing",
  running: "Running",
  finalizing: "Finalizing",
  canceling: "CancelRequested",
  completed: "Completed",
  failed: "Failed",
  canceled: "Canceled",
};

export const aUser: Principal = { kind: "user", objectId: "ada", tenantId: "tenant", roles: ["Admin"] };

/** Where the host dies in the middle of an activity: nothing of it goes on, and the activity runs again. */
class Crash extends Error {}

/** One call of an activity, as a test may come between. */
export interface ActivityCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Counts from 1, over all activities of the rig. */
  readonly number: number;
  /** Runs the activity; a second time is a doubled one. */
  run(): Promise<unknown>;
  /** Runs it until it has made so many calls to store, host or compute, and lets it die there. Answers whether it came so far. */
  runUntilCall(calls: number): Promise<boolean>;
}

/** The activity that is running: its number, and how many calls it may still make before it dies. */
interface CallContext {
  readonly number: number;
  left: number;
}

const currentRig = new AsyncLocalStorage<RunRig>();
const currentCall = new AsyncLocalStorage<CallContext>();

let app: Promise<LoadedWorker> | undefined;

/** The orchestrators under the genuine library, loaded once for a process; activities go to the rig that calls. */
function loadApp(): Promise<LoadedWorker> {
  const answering = Object.fromEntries(
    Object.keys(activities).map((name) => [name, (input: unknown) => currentRig.getStore()?.activity(name, input)]),
  );
  Object.assign(globalThis, { penstockRunApp: { orchestrators, activities: answering } });
  app ??= loadWorker({ appRoot: join(import.meta.dirname, "run-app"), log: () => {} });
  return app;
}

/** How many times something ran. */
export class Counts {
  episodes = 0;
  readonly activities: Record<string, number> = {};
}

/**
 * Runs as they go in Azure and on a laptop (the real orchestrators, activities and services over a real store), in virtual time, on a
 * compute that is a set of books. Everything that may go wrong between the parts can be made to.
 */
export class RunRig implements AsyncDisposable {
  readonly clock: VirtualClock;
  /** What the services see of {@link stored}: every call of theirs. */
  readonly documents: WatchedDocuments;
  readonly stored: Documents;
  readonly compute: FakeCompute;
  readonly engine: Engine;
  readonly counts = new Counts();
  readonly logged: { level: string; message: string; detail?: Record<string, unknown> | undefined }[] = [];
  /** The store as the test reads it: uncounted and without faults. */
  readonly runs;
  readonly datasets;
  readonly pipelines;
  readonly schedules;
  /** When notices of a job's change come, in milliseconds after it; none: it is lost. */
  notices: (jobId: string, status: string) => number[] = () => [0];
  /** Runs each activity. */
  interpose: (call: ActivityCall) => Promise<unknown> = (call) => call.run();
  /** Runs before each call of a service to the host's durable client. */
  beforeClient: (operation: "start" | "raise" | "look", instanceId: string) => Promise<void> | void = () => {};
  readonly blobs: BlobStore;
  readonly services: Services;
  readonly #storage: DurableStorage;
  readonly #api: ManagementApi;
  readonly #folder: string;
  /** Activities and services under way that wait for no virtual time. */
  #working = 0;
  #reading = 0;
  #isOver = false;
  #activityCalls = 0;
  readonly #newId: () => string;
  readonly #phases = new StepPhases();
  /** How far looks at schedules have come. */
  readonly looks = new ScheduleLooks();

  private constructor(worker: LoadedWorker, options: { markerLookbackMs: number; now: number }) {
    this.#folder = mkdtempSync(join(tmpdir(), "penstock-rig-"));
    this.clock = new VirtualClock(options.now);
    this.clock.isBusy = () => this.#working > 0;
    this.#newId = createIds(() => this.clock.now());
    this.stored = openSqliteDocuments({ file: ":memory:" });
    this.documents = new WatchedDocuments(this.stored, () => this.#portCall());
    this.runs = createRunStore({ documents: this.stored });
    this.blobs = this.#counted(openLocalBlobStore({ root: this.#folder }));
    this.clock.isReading = () => this.#reading > 0;
    this.datasets = createDatasetStore(this.stored);
    this.pipelines = createPipelineStore(this.stored);
    this.schedules = createScheduleStore(this.stored);
    this.compute = new FakeCompute({ clock: this.clock, sleep: (ms) => this.sleep(ms), computes: ["cpu-cluster"] });
    this.compute.onCall = () => void this.#portCall();
    this.compute.onChange = (jobId, status) => this.#notify(jobId, status);
    this.#storage = openSqliteStorage(":memory:");
    let ids = 0;
    this.engine = new Engine({
      worker: this.#watched(worker),
      storage: this.#storage,
      clock: this.clock,
      random: { hex32: () => (++ids).toString(16).padStart(32, "0") },
      log: (level, message, detail) => this.logged.push({ level, message, detail }),
      options: { hubName: "rig", rpcBaseUrl: "http://127.0.0.1:1/durabletask/", systemKey: "key", checkEvery: 1, failOnSlips: true },
    });
    this.#api = new ManagementApi(this.engine);
    this.services = this.#servicesOver(options.markerLookbackMs);
  }

  static async open(options: { markerLookbackMs?: number; now?: number } = {}): Promise<RunRig> {
    const rig = new RunRig(await loadApp(), { markerLookbackMs: 2000, now: BEGIN, ...options });
    const catalog = createCatalogStore(rig.documents);
    await catalog.put("computes", "cpu-cluster", { name: "cpu-cluster", kind: "AmlCompute", target: "cpu-cluster" });
    await catalog.put("computes", "gone", { name: "gone", kind: "AmlCompute", target: "gone" });
    for (const name of ["workspaceblobstore", "workspaceartifactstore"])
      await catalog.put("datastores", name, { name, kind: "AzureBlob", container: name });
    rig.documents.calls.length = 0;
    rig.engine.start();
    return rig;
  }

  /** Each step's job goes as told by its step's key; the others complete after a second. */
  plans(plans: Record<string, Partial<JobPlan>>): this {
    this.compute.plan = ({ displayName }) => ({ ends: "completed", afterMs: 1000, ...plans[displayName] });
    return this;
  }

  async submit(graph: PipelineGraph, more: Partial<SubmitRunRequest> & { idempotencyKey?: string } = {}): Promise<string> {
    const { idempotencyKey, ...rest } = more;
    const request = SubmitRunRequest.parse({ experimentName: "rig", pipeline: graph, ...rest });
    const { runId } = await this.services.submitRun({ caller: aUser, request, idempotencyKey });
    return runId;
  }

  /** Lets time pass until the run has ended. @throws {Error} when it has not after so long. */
  async ended(runId: string, withinMs = HOUR_MS): Promise<RunHead> {
    let head = await this.head(runId);
    const over = () => {
      // Asked for now and known at the next look: nothing can be awaited here.
      void this.head(runId).then((now) => {
        head = now;
      });
      return head.settled;
    };
    if (await this.clock.pump(over, withinMs)) return head;
    const progress = await this.runs.progress(runId);
    throw new Error(
      `run is ${head.status} (${progress?.value.steps}) after ${withinMs / 1000} s:\n${this.logged.map((line) => JSON.stringify(line)).join("\n")}`,
    );
  }

  /** Lets so much time pass, or until something holds. */
  async pass(ms: number, until: () => boolean = () => false): Promise<boolean> {
    return await this.clock.pump(until, ms);
  }

  async head(runId: string): Promise<RunHead> {
    const stored = await this.runs.head(runId);
    if (!stored) throw new Error(`there is no run ${runId}`);
    return stored.value;
  }

  /** The steps as a client sees them, by key. */
  async steps(runId: string): Promise<Record<string, StepResource>> {
    const { steps } = await this.services.listSteps(runId, { waitSeconds: 0 });
    return Object.fromEntries(steps.map((step) => [step.key, step]));
  }

  async statuses(runId: string): Promise<Record<string, string>> {
    return Object.fromEntries(Object.entries(await this.steps(runId)).map(([key, { status }]) => [key, status]));
  }

  async stepRunId(runId: string, key: string): Promise<string> {
    const graph = await this.runs.graph(runId);
    return graph?.stepRunIds[graph.graph.steps.findIndex((step) => step.key === key)] ?? "";
  }

  async jobId(runId: string, key: string): Promise<string> {
    return `${await this.stepRunId(runId, key)}_1`;
  }

  /** Steps whose job was started, each as often as it was. */
  startedJobs(): string[] {
    return [...this.compute.ledger.values(), ...this.compute.lost.values()].map(({ request }) => request.displayName);
  }

  /** Waits in virtual time: for what happens inside of a call. */
  async sleep(ms: number): Promise<void> {
    const working = this.#working;
    if (working > 0) this.#working--;
    await new Promise<void>((resolve) => this.clock.setTimer(this.clock.now() + ms, resolve));
    if (working > 0) this.#working++;
  }

  /** Forgets an orchestration, as an operator's purge or a restored host does. */
  async purge(instanceId: string): Promise<void> {
    await this.#client("POST", `/instances/${instanceId}/terminate`, undefined, "reason=gone");
    await this.pass(0);
    const { status } = await this.#client("DELETE", `/instances/${instanceId}`);
    if (status !== 200) throw new Error(`${instanceId} could not be purged: ${status}`);
  }

  instance(instanceId: string) {
    return this.#storage.instance(instanceId);
  }

  /** As Event Grid would. */
  async note(jobId: string, status: string): Promise<void> {
    const event = {
      id: "e",
      eventType: "Microsoft.MachineLearningServices.RunStatusChanged",
      data: { runId: jobId, runStatus: WORDS[status] ?? status },
    };
    await this.#work(async () => await eventTriggers["jobStatusChanged"]?.(this.services)(event));
  }

  /** As Event Grid would, when a file came into a container. */
  async noteBlob(path: string, eTag: string, container = "workspaceblobstore"): Promise<void> {
    const event = {
      id: "e",
      eventType: "Microsoft.Storage.BlobCreated",
      subject: `/blobServices/default/containers/${container}/blobs/${path}`,
      eventTime: new Date(this.clock.now()).toISOString(),
      data: { eTag },
    };
    await this.#work(async () => await eventTriggers["blobCreated"]?.(this.services)(event));
  }

  /** As the timer would. */
  async lookAtSchedules(): Promise<void> {
    await this.#work(async () => await timers["scheduler"]?.handler(this.services)());
  }

  /** As the timer would. */
  async reconcile(): Promise<void> {
    await timers["reconciler"]?.handler(this.services)();
  }

  /** What the host calls when it runs an activity. */
  async activity(name: string, input: unknown): Promise<unknown> {
    this.counts.activities[name] = (this.counts.activities[name] ?? 0) + 1;
    const handler = activities[name];
    if (!handler) throw new Error(`there is no activity ${name}`);
    const number = ++this.#activityCalls;
    const run = (left: number) => currentCall.run({ number, left }, () => handler(this.services)(structuredClone(input)));
    const call: ActivityCall = {
      name,
      input: input as Record<string, unknown>,
      number,
      run: () => run(Number.POSITIVE_INFINITY),
      runUntilCall: async (calls) => {
        try {
          await run(calls);
          return false;
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
          return true;
        }
      },
    };
    return await this.#work(() => this.interpose(call));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.engine.stop(0), this.clock.pass(1)]);
    await this.documents.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #work<T>(run: () => Promise<T>): Promise<T> {
    this.#working++;
    try {
      return await run();
    } finally {
      this.#working--;
    }
  }

  /** The store of files, whose calls wait for a real disk. */
  #counted(blobs: BlobStore): BlobStore {
    const call = async (work: () => unknown) => {
      this.#reading++;
      try {
        return await work();
      } finally {
        this.#reading--;
      }
    };
    const isWaiting = (name: string | symbol) => ["write", "stat", "list", "read", "delete", "move"].includes(String(name));
    return new Proxy(blobs, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => (isWaiting(name) ? call(() => member.apply(target, args)) : member.apply(target, args));
      },
    });
  }

  /** Whatever a service calls, it calls through here. */
  #portCall(): number | undefined {
    const call = currentCall.getStore();
    if (call && --call.left < 0) throw new Crash("the host died");
    return call?.number;
  }

  #notify(jobId: string, status: string): void {
    for (const ms of this.notices(jobId, status)) this.#deliver(jobId, status, ms);
  }

  /** What is answered with an error comes again, as Event Grid does it. */
  #deliver(jobId: string, status: string, afterMs: number): void {
    this.clock.setTimer(this.clock.now() + afterMs, () => {
      if (!this.#isOver) this.note(jobId, status).catch(() => this.#deliver(jobId, status, REDELIVERY_MS));
    });
  }

  #watched(inner: Worker): Worker {
    const isOrchestrator = (name: string) => name in orchestrators;
    return {
      functions: inner.functions,
      invoke: (invocation: Invocation): Promise<InvocationResult> => {
        if (isOrchestrator(invocation.functionName)) this.counts.episodes++;
        return currentRig.run(this, () => inner.invoke(invocation));
      },
    };
  }

  async #client(method: string, path: string, body?: unknown, query = "") {
    return await this.#api.handle(managementRequest(method, path, body, query));
  }

  /** The three calls of the durable client that the app makes, with its words for what went wrong. */
  #durableClient(): Pick<DurableClient, "startNew" | "getStatus" | "raiseEvent"> {
    const call = async (operation: "start" | "raise" | "look", id: string, method: string, path: string, body?: unknown) => {
      this.#portCall();
      await this.beforeClient(operation, id);
      return await this.#client(method, path, body);
    };
    const refused = (status: number, body = "") =>
      new Error(`The operation failed with an unexpected status code: ${status}. Details: ${body}`);
    return {
      startNew: async (name, options) => {
        const id = options?.instanceId ?? "";
        const { status, body } = await call("start", id, "POST", `/orchestrators/${name}/${id}`, options?.input);
        if (status !== 202) throw refused(status, body);
        return id;
      },
      getStatus: async (id) => {
        const { status, body } = await call("look", id, "GET", `/instances/${id}`);
        if (status === 404) throw new Error(`DurableClient error: Durable Functions extension replied with HTTP 404 response. (${id})`);
        if (status !== 200 && status !== 202) throw refused(status, body);
        return JSON.parse(body ?? "null");
      },
      raiseEvent: async (id, name, data) => {
        const { status, body } = await call("raise", id, "POST", `/instances/${id}/raiseEvent/${name}`, data);
        if (status === 404) throw new Error(`No instance with ID '${id}' found.`);
        if (status !== 202 && status !== 410) throw refused(status, body);
      },
    };
  }

  #servicesOver(markerLookbackMs: number): Services {
    const { clock: time, blobs } = this;
    const runs = createRunStore({ documents: this.documents });
    const catalog = createCatalog(createCatalogStore(this.documents));
    const datasets = createDatasetStore(this.documents);
    const pipelines = createPipelineStore(this.documents);
    const schedules = createScheduleStore(this.documents);
    const log = (level: string) => (message: string, detail?: Record<string, unknown>) => void this.logged.push({ level, message, detail });
    const orchestrations: Orchestrations = durableOrchestrations(this.#durableClient() as DurableClient);
    const deps = {
      runs,
      reuse: createReuseStore(this.documents),
      blobs,
      catalog,
      datasets,
      pipelines,
      schedules,
      orchestrations,
      backend: this.compute,
      phases: this.#phases,
      clock: { now: () => time.now(), newId: this.#newId },
      log: { info: log("info"), warn: log("warn"), error: log("error") },
      stepTokens: { mint: async ({ stepRunId, expiresAt }: { stepRunId: string; expiresAt: string }) => `${stepRunId} ${expiresAt}` },
      runtimeUri: async () => "memory:runtime",
      containerOf: datastoreContainer(catalog),
      layOutSnapshot: async (snapshotId: string) => ({ datastore: "snapshots", path: snapshotId }),
      findSnapshot: async () => undefined,
    };
    const settings = { apiUrl: "http://127.0.0.1:1", workspace: "rig", defaultCompute: "cpu-cluster", defaultImage: "base" };
    const services: Partial<Services> = {
      log: deps.log,
      blobs,
      catalog,
      ...createPipelineServices({ ...deps, referrers: [schedulesOf(schedules)] }),
      ...createScheduleServices({ ...deps, looks: this.looks, lookbackMs: markerLookbackMs }),
      forecastRun: forecastRun({ ...deps, settings }),
      resubmitRun: resubmitRun(deps),
      getRun: getRun(deps),
      listRuns: listRuns(deps),
      listSteps: listSteps(deps),
      cancelRun: cancelRun(deps),
      patchRun: patchRun(deps),
      logMetrics: logMetrics(deps),
      listMetrics: listMetrics(deps),
      createChildRun: createChildRun(deps),
      listChildRuns: listChildRuns(deps),
      endRun: endRun(deps),
      listArtifacts: listArtifacts(deps),
      findArtifact: findArtifact(deps),
      putArtifact: putArtifact(deps),
      listOutputs: listOutputs(deps),
      advanceRun: advanceRun({ ...deps, settings, markerLookbackMs }),
      beginStep: beginStep({ ...deps, settings }),
      settleStep: settleStep(deps),
      failStep: failStep(deps),
      failRun: failRun(deps),
      noteJobChange: noteJobChange(deps),
      reconcile: reconcile(deps),
      sweepUploads: async () => 0,
    };
    return services as Services;
  }
}

/** A store that is too busy for one call. */
export function busy(): StoreError {
  return new StoreError("busy", "too many requests");
}
