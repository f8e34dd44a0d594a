import { openAzureBlobStore } from "./adapters/azure-blob/blob-store.ts";
import { createAzureMlBackend } from "./adapters/azureml/azureml-backend.ts";
import { openCosmosDocuments } from "./adapters/cosmos/documents.ts";
import { createCatalogStore } from "./adapters/documents/catalog-store.ts";
import { createDatasetStore } from "./adapters/documents/dataset-store.ts";
import { createPipelineStore } from "./adapters/documents/pipeline-store.ts";
import { createReuseStore } from "./adapters/documents/reuse-store.ts";
import { createRunStore } from "./adapters/documents/run-store.ts";
import { createScheduleStore } from "./adapters/documents/schedule-store.ts";
import { createStepTokens } from "./adapters/entra/step-token.ts";
import { createTokenVerifier } from "./adapters/entra/token-verifier.ts";
import { lazyCredential } from "./adapters/identity/lazy-credential.ts";
import { openLocalBlobStore } from "./adapters/local-blob/blob-store.ts";
import { openSqliteDocuments } from "./adapters/sqlite/documents.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { logLine } from "./api/log-line.ts";
import { JSON_BODY_BYTES } from "./api/route.ts";
import { PART_BYTES } from "./api/routes/storage.ts";
import type { ServiceConnection } from "./domain/service-connection.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Documents } from "./ports/documents.ts";
import type { Log } from "./ports/log.ts";
import type { Orchestrations } from "./ports/orchestrations.ts";
import { advanceRun } from "./services/advance-run.ts";
import { beginStep } from "./services/begin-step.ts";
import { cancelRun } from "./services/cancel-run.ts";
import { createCatalog, datastoreContainer } from "./services/catalog.ts";
import { failRun } from "./services/fail-run.ts";
import { failStep } from "./services/fail-step.ts";
import { forecastRun } from "./services/forecast-run.ts";
import { noteJobChange } from "./services/note-events.ts";
import { createPipelineServices } from "./services/pipeline-services.ts";
import { reconcile } from "./services/reconcile.ts";
import { resubmitRun } from "./services/resubmit-run.ts";
import { findArtifact, listArtifacts, listLogs, listOutputs, putArtifact, readLog } from "./services/run-files.ts";
import { createChildRun, endRun, listChildRuns, listMetrics, logMetrics, patchRun } from "./services/run-record.ts";
import { ScheduleLooks } from "./services/schedules/look-at-schedules.ts";
import { createScheduleServices } from "./services/schedules/schedule-services.ts";
import { schedulesOf } from "./services/schedules/schedules-of.ts";
import { settleStep } from "./services/settle-step.ts";
import { StepPhases } from "./services/step-phases.ts";
import { layOutRuntime } from "./services/step-runtime.ts";
import { createStorageServices } from "./services/storage-services.ts";
import { getRun, listRuns, listSteps } from "./services/view-runs.ts";
import type { BlobsSettings, DocumentsSettings, Settings } from "./settings.ts";

/** How often a watched run is looked at where other processes write as well, in milliseconds. */
const LOOK_MS = 1000;

/** What routes, activities and triggers call. */
export type Services = ReturnType<ReturnType<typeof compose>["services"]>;

/**
 * Picks the adapters that the settings ask for, once, and answers a maker of services: the durable client belongs to one invocation,
 * so each invocation makes its own services over the same adapters.
 */
export function compose(settings: Settings) {
  const clock = systemClock;
  // What has no invocation to be told to; the host takes the console to its own log.
  const log = { warn: (message: string, detail?: Record<string, unknown>) => console.warn(logLine(message, detail)) };
  const documents = openDocuments(settings.documents);
  const blobs = openBlobs(settings.blobs);
  const runs = createRunStore({ documents, pollMs: settings.documents.kind === "cosmos" ? LOOK_MS : undefined });
  const reuse = createReuseStore(documents);
  const catalog = createCatalog(createCatalogStore(documents));
  const datasets = createDatasetStore(documents);
  const pipelines = createPipelineStore(documents);
  const schedules = createScheduleStore(documents);
  const looks = new ScheduleLooks();
  const verifyCaller = createTokenVerifier({
    ...settings.callers,
    clock,
    warn: (message, error) => log.warn(message, { cause: String(error) }),
  });
  const stepTokens = createStepTokens(settings.callers.stepTokenKey);
  const backend = createAzureMlBackend({ ...settings.azureml, apiVersion: "2024-04-01", credential: lazyCredential(), clock, log });
  const containerOf = datastoreContainer(catalog);
  const storage = createStorageServices({ documents, blobs, clock, limits: settings.limits, datastoreContainer: containerOf });
  const phases = new StepPhases();
  const runtimeUri = layOutRuntime({ blobs, folder: settings.runtimeFolder });
  const workspace = {
    name: settings.workspace,
    version: "0.1.0",
    defaultCompute: settings.defaultCompute,
    defaultDatastore: "workspaceblobstore",
    limits: { ...settings.limits, partBytes: PART_BYTES, requestBytes: JSON_BODY_BYTES },
  };

  const services = (orchestrations: Orchestrations, log: Log) => {
    const deps = {
      runs,
      reuse,
      blobs,
      backend,
      catalog,
      datasets,
      pipelines,
      schedules,
      phases,
      clock,
      log,
      orchestrations,
      stepTokens,
      runtimeUri,
      containerOf,
      ...storage,
    };
    return {
      ...storage,
      log,
      blobs,
      catalog,
      verifyCaller,
      getWorkspace: () => workspace,
      ...createPipelineServices({ ...deps, referrers: [schedulesOf(schedules)] }),
      ...createScheduleServices({ ...deps, looks, lookbackMs: settings.markerLookbackMs }),
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
      listLogs: listLogs(deps),
      readLog: readLog(deps),
      listOutputs: listOutputs(deps),
      advanceRun: advanceRun({ ...deps, settings, markerLookbackMs: settings.markerLookbackMs }),
      beginStep: beginStep({ ...deps, settings }),
      settleStep: settleStep(deps),
      failStep: failStep(deps),
      failRun: failRun(deps),
      noteJobChange: noteJobChange(deps),
      reconcile: reconcile(deps),
    };
  };
  /** For the app's end: what is stored is whole in its files, and connections are closed. */
  const close = async () => {
    backend.close();
    await documents.close();
  };
  return { services, close };
}

function openDocuments(settings: DocumentsSettings): Documents {
  if (settings.kind === "sqlite") return openSqliteDocuments(settings);
  return openCosmosDocuments({ ...settings, credential: credentialOf(settings.connection) });
}

function openBlobs(settings: BlobsSettings): BlobStore {
  if (settings.kind === "folder") return openLocalBlobStore(settings);
  return openAzureBlobStore({ ...settings, credential: credentialOf(settings.connection) });
}

function credentialOf(connection: ServiceConnection) {
  return lazyCredential(connection.by === "identity" ? connection.identity : undefined);
}
