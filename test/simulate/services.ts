import type { DurableClient } from "durable-functions";
import { durableOrchestrations } from "../../functions/durable-orchestrations.ts";
import { createCatalogStore } from "../../shared/adapters/documents/catalog-store.ts";
import { createDatasetStore } from "../../shared/adapters/documents/dataset-store.ts";
import { createReuseStore } from "../../shared/adapters/documents/reuse-store.ts";
import { createRunStore } from "../../shared/adapters/documents/run-store.ts";
import type { Services } from "../../shared/composition.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { ComputeBackend } from "../../shared/ports/compute-backend.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import type { Log } from "../../shared/ports/log.ts";
import { advanceRun } from "../../shared/services/advance-run.ts";
import { beginStep } from "../../shared/services/begin-step.ts";
import { cancelRun } from "../../shared/services/cancel-run.ts";
import { createCatalog, datastoreContainer } from "../../shared/services/catalog.ts";
import { failRun } from "../../shared/services/fail-run.ts";
import { failStep } from "../../shared/services/fail-step.ts";
import { noteJobChange } from "../../shared/services/note-events.ts";
import { reconcile } from "../../shared/services/reconcile.ts";
import { settleStep } from "../../shared/services/settle-step.ts";
import { StepPhases } from "../../shared/services/step-phases.ts";
import { submitRun } from "../../shared/services/submit-run.ts";

/** Above the time for which a write may be on its way, as the setting's own default is. */
const MARKER_LOOKBACK_MS = 60_000;
const SETTINGS = { apiUrl: "http://127.0.0.1:1", workspace: "simulated", defaultCompute: "cpu-cluster", defaultImage: "base" };

/** No step of a simulated run reads files: only URIs are asked for. */
const blobs = { uri: ({ datastore, path }: { datastore: string; path: string }) => `memory:${datastore}/${path}` } as BlobStore;

/** What one process of the app has, as `compose` puts it together: services that drive runs, made anew for each invocation. */
export function composeSimulated({ documents, clock, log }: { documents: Documents; clock: Clock; log: Log }) {
  const runs = createRunStore({ documents });
  const catalog = createCatalog(createCatalogStore(documents));
  const datasets = createDatasetStore(documents);
  const phases = new StepPhases();
  return ({ backend, client }: { backend: ComputeBackend; client: DurableClient }): Services => {
    const deps = {
      runs,
      reuse: createReuseStore(documents),
      catalog,
      datasets,
      phases,
      clock,
      log,
      backend,
      blobs,
      orchestrations: durableOrchestrations(client),
      stepTokens: { mint: async ({ stepRunId, expiresAt }: { stepRunId: string; expiresAt: string }) => `${stepRunId} ${expiresAt}` },
      runtimeUri: async () => "memory:runtime",
      containerOf: datastoreContainer(catalog),
      layOutSnapshot: async (snapshotId: string) => ({ datastore: "snapshots", path: snapshotId }),
      findSnapshot: async () => undefined,
    };
    const services: Partial<Services> = {
      log,
      submitRun: submitRun(deps),
      cancelRun: cancelRun(deps),
      advanceRun: advanceRun({ ...deps, settings: SETTINGS, markerLookbackMs: MARKER_LOOKBACK_MS }),
      beginStep: beginStep({ ...deps, settings: SETTINGS }),
      settleStep: settleStep(deps),
      failStep: failStep(deps),
      failRun: failRun(deps),
      noteJobChange: noteJobChange(deps),
      reconcile: reconcile(deps),
      sweepUploads: async () => 0,
    };
    return services as Services;
  };
}
