import { join } from "node:path";
import { type DurableCalls, durableOrchestrations } from "../../functions/durable-orchestrations.ts";
import { activities, eventTriggers, orchestrators } from "../../functions/registry.ts";
import { systemClock as hostClock, systemRandom } from "../../local/host/clock.ts";
import { Engine } from "../../local/host/durable/engine.ts";
import { ManagementApi } from "../../local/host/durable/management-api.ts";
import { openSqliteStorage } from "../../local/host/durable/sqlite-storage.ts";
import { loadWorker } from "../../local/host/worker/load-worker.ts";
import { createCatalogStore } from "../../shared/adapters/documents/catalog-store.ts";
import { createDatasetStore } from "../../shared/adapters/documents/dataset-store.ts";
import { createReuseStore } from "../../shared/adapters/documents/reuse-store.ts";
import { createRunStore } from "../../shared/adapters/documents/run-store.ts";
import { openLocalBlobStore } from "../../shared/adapters/local-blob/blob-store.ts";
import { openSqliteDocuments } from "../../shared/adapters/sqlite/documents.ts";
import { systemClock } from "../../shared/adapters/system/clock.ts";
import { type SubmitRunBody, SubmitRunRequest } from "../../shared/api/requests.ts";
import type { Services } from "../../shared/composition.ts";
import { advanceRun } from "../../shared/services/advance-run.ts";
import { beginStep } from "../../shared/services/begin-step.ts";
import { createCatalog, datastoreContainer } from "../../shared/services/catalog.ts";
import { noteJobChange } from "../../shared/services/note-events.ts";
import { settleStep } from "../../shared/services/settle-step.ts";
import { StepPhases } from "../../shared/services/step-phases.ts";
import { submitRun } from "../../shared/services/submit-run.ts";
import { managementRequest } from "../../test/support/management-request.ts";
import { APPS } from "../support/paths.ts";
import { InstantCompute } from "./instant-compute.ts";

type Answerer = (name: string, input: unknown) => Promise<unknown>;

let answerer: Answerer = async () => undefined;
let app: ReturnType<typeof loadWorker> | undefined;

/** The orchestrators under the genuine library, loaded once for a process. */
function loadApp() {
  const answering = Object.fromEntries(Object.keys(activities).map((name) => [name, (input: unknown) => answerer(name, input)]));
  Object.assign(globalThis, { penstockBenchApp: { orchestrators, activities: answering } });
  app ??= loadWorker({ appRoot: join(APPS, "steps"), log: () => {} });
  return app;
}

/**
 * A run's whole path inside of one process: the real orchestrators, activities, services, engine and stores, on disk and by the machine's
 * clock. Only the network is left out, and the back-end's jobs end at once.
 */
export class EngineRig {
  readonly #engine: Engine;
  readonly #documents;
  readonly #runs;
  readonly #services: Pick<Services, "submitRun">;

  private constructor(folder: string, worker: Awaited<ReturnType<typeof loadWorker>>) {
    this.#documents = openSqliteDocuments({ file: join(folder, "penstock.db") });
    this.#engine = new Engine({
      worker,
      storage: openSqliteStorage(join(folder, "durable.sqlite")),
      clock: hostClock,
      random: systemRandom,
      log: (level, message) => level === "error" && console.error(message),
      options: { hubName: "bench", rpcBaseUrl: "http://127.0.0.1:1/durabletask/", systemKey: "key" },
    });
    this.#runs = createRunStore({ documents: this.#documents });
    const services = servicesOver({ folder, documents: this.#documents, runs: this.#runs, client: durableClient(this.#engine) });
    this.#services = services;
    answerer = async (name, input) => await activities[name]?.(services)(input);
    this.#engine.start();
  }

  static async open(folder: string): Promise<EngineRig> {
    const rig = new EngineRig(folder, await loadApp());
    const catalog = createCatalogStore(rig.#documents);
    await catalog.put("computes", "cpu-cluster", { name: "cpu-cluster", kind: "AmlCompute", target: "cpu-cluster" });
    for (const name of ["workspaceblobstore", "workspaceartifactstore"])
      await catalog.put("datastores", name, { name, kind: "AzureBlob", container: name });
    return rig;
  }

  /** @returns milliseconds from submit to the end of the run's orchestration. @throws {Error} unless every step completed. */
  async timeRun(steps: SubmitRunBody["pipeline"]["steps"]): Promise<number> {
    const request = SubmitRunRequest.parse({ experimentName: "bench", pipeline: { steps } });
    const began = performance.now();
    const { runId } = await this.#services.submitRun({
      caller: { kind: "user", objectId: "bench", tenantId: "bench", roles: ["Admin"] },
      request,
    });
    const finished = new Promise<void>((resolve) => this.#engine.whenFinished(runId, resolve));
    await this.#engine.commits.durable(); // as before the answer to the caller
    await finished;
    const milliseconds = performance.now() - began;
    const head = (await this.#runs.head(runId))?.value;
    if (head?.status !== "Completed") throw new Error(`run ${runId} is ${head?.status}: ${JSON.stringify(head?.failure)}`);
    return milliseconds;
  }

  async close(): Promise<void> {
    await this.#engine.stop(1000);
    await this.#documents.close();
  }
}

/** The calls of the durable client that the app makes; like the host's answers to them, they wait until what they ask for is committed. */
function durableClient(engine: Engine): DurableCalls {
  const api = new ManagementApi(engine);
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await api.handle(managementRequest(method, path, body));
    if (method !== "GET") await engine.commits.committed();
    return answer;
  };
  const refused = (status: number) => new Error(`The operation failed with an unexpected status code: ${status}.`);
  return {
    async startNew(name, options) {
      const id = options?.instanceId ?? "";
      const { status } = await call("POST", `/orchestrators/${name}/${id}`, options?.input);
      if (status !== 202) throw refused(status);
      return id;
    },
    async getStatus(id) {
      const { status, body } = await call("GET", `/instances/${id}`);
      if (status === 404) throw new Error(`DurableClient error: Durable Functions extension replied with HTTP 404 response. (${id})`);
      return JSON.parse(body ?? "null");
    },
    async raiseEvent(id, name, data) {
      const { status } = await call("POST", `/instances/${id}/raiseEvent/${name}`, data);
      if (status === 404) throw new Error(`No instance with ID '${id}' found.`);
      if (status !== 202 && status !== 410) throw refused(status);
    },
  };
}

interface Parts {
  folder: string;
  documents: ReturnType<typeof openSqliteDocuments>;
  runs: ReturnType<typeof createRunStore>;
  client: DurableCalls;
}

function servicesOver({ folder, documents, runs, client }: Parts): Services {
  const catalog = createCatalog(createCatalogStore(documents));
  const backend = new InstantCompute();
  const deps = {
    runs,
    reuse: createReuseStore(documents),
    blobs: openLocalBlobStore({ root: join(folder, "blobs") }),
    catalog,
    datasets: createDatasetStore(documents),
    orchestrations: durableOrchestrations(client),
    backend,
    phases: new StepPhases(),
    clock: systemClock,
    log: { info: () => {}, warn: console.error, error: console.error },
    stepTokens: { mint: async ({ stepRunId }: { stepRunId: string }) => stepRunId },
    runtimeUri: async () => "memory:runtime",
    containerOf: datastoreContainer(catalog),
    layOutSnapshot: async (snapshotId: string) => ({ datastore: "snapshots", path: snapshotId }),
    findSnapshot: async () => undefined,
  };
  const settings = { apiUrl: "http://127.0.0.1:1", workspace: "bench", defaultCompute: "cpu-cluster", defaultImage: "base" };
  const services: Partial<Services> = {
    log: deps.log,
    submitRun: submitRun(deps),
    advanceRun: advanceRun({ ...deps, settings, markerLookbackMs: 500 }),
    beginStep: beginStep({ ...deps, settings }),
    settleStep: settleStep(deps),
    noteJobChange: noteJobChange(deps),
  };
  backend.onEnd = (jobId) => {
    const data = { runId: jobId, runStatus: "Completed" };
    const event = { id: jobId, eventType: "Microsoft.MachineLearningServices.RunStatusChanged", data };
    void eventTriggers["jobStatusChanged"]?.(services as Services)(event);
  };
  return services as Services;
}
