import type { IncomingMessage, ServerResponse } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type AzureMl, createAzureMl } from "./azureml/azureml.ts";
import { API_VERSION } from "./azureml/contract.ts";
import { workspaceId } from "./azureml/jobs/run-status-event.ts";
import type { CloudsConfig } from "./config.ts";
import { createEntra, type Entra } from "./entra/entra.ts";
import { guidOf } from "./guid-of.ts";
import { logLine } from "./log-line.ts";
import { listenOnLoopback } from "./loopback-server.ts";
import { lockState } from "./state-lock.ts";
import { createStorage, type Storage } from "./storage/storage.ts";

/** The app and its tests ask for tokens by either. */
const ARM_AUDIENCES = ["https://management.azure.com/", "https://management.azure.com"];
const CONTAINER = "workspaceblobstore";

/** All stand-ins, answering on one address. */
export interface Clouds {
  readonly address: string;
  readonly port: number;
  /** Jobs that have not ended; they call the app where it was when they were submitted. */
  liveJobs(): number;
  /** Lets jobs start that were not running when the last process ended. */
  startWaiting(): void;
  /** Ends within 1.5 s. `preempt`: jobs that run are ended and queued again for the next start; otherwise they run on and are taken over. */
  stop(how: { preempt: boolean }): Promise<void>;
}

/** Starts the issuer, the job service and the storage of a workspace. @throws {Error} when one already runs over the state folder, or no port is free. */
export async function startClouds(config: CloudsConfig, log: (message: string) => void = logLine): Promise<Clouds> {
  const lock = lockState(config.stateFolder);
  const entra = await openEntra(config, () => server.address, log);
  const azureml = await openAzureMl(config, entra, log);
  // In a storage account there is no folder to watch.
  const storage = config.storageAccount ? undefined : openStorage(config, log);
  const server = await listenOnLoopback(config.port, (request, response) => route(entra, azureml, request, response));
  await azureml.start();
  await setUpCluster(config, server.address, await entra.identityToken("https://management.azure.com"));
  void storage?.start(); // in a large datastore this takes a while, and nobody waits for it
  return {
    address: server.address,
    port: server.port,
    liveJobs: () => azureml.liveJobs(),
    startWaiting: () => azureml.startWaiting(),
    stop: async (how) => {
      server.close();
      await Promise.all([azureml.stop(how), storage?.stop()]);
      lock.release();
    },
  };
}

function route(entra: Entra, azureml: AzureMl, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "/"] = (request.url ?? "/").split("?", 1);
  return entra.owns(path) ? entra.handle(request, response) : azureml.handle(request, response);
}

function openEntra(config: CloudsConfig, baseUrl: () => string, log: (message: string) => void): Promise<Entra> {
  const { tenantId, apiClientId, clientId, clientSecret, identityHeader, adminSecret } = config;
  const identityId = guidOf(`identity of ${apiClientId}`);
  return createEntra({
    stateFolder: join(config.stateFolder, "entra"),
    baseUrl,
    tenantId: tenantId.toLowerCase(),
    api: { clientId: apiClientId.toLowerCase(), appIdUris: [] },
    client: {
      clientId: clientId.toLowerCase(),
      objectId: guidOf(`service principal of ${clientId}`),
      displayName: "local command line",
      roles: ["Admin"],
      secret: clientSecret,
    },
    identity: {
      clientId: identityId,
      objectId: guidOf(`service principal of ${identityId}`),
      displayName: "penstock",
      roles: [],
      header: identityHeader,
    },
    adminSecret,
    tokenSeconds: 3600,
    log,
  });
}

function openAzureMl(config: CloudsConfig, entra: Entra, log: (message: string) => void): Promise<AzureMl> {
  const { eventGrid, storageAccount, workspace, python, pipArguments, defaultImage, adminSecret } = config;
  const datastoresRoot = storageAccount ? join(config.stateFolder, "azureml", "uploads") : config.datastoresRoot;
  return createAzureMl({
    stateFolder: join(config.stateFolder, "azureml"),
    workspace,
    datastores: {
      [CONTAINER]: join(datastoresRoot, CONTAINER),
      workspaceartifactstore: join(datastoresRoot, "workspaceartifactstore"),
    },
    allowedRoots: [datastoresRoot],
    ...(storageAccount !== undefined && { storageAccount }),
    verifyToken: entra.verifierFor(ARM_AUDIENCES),
    eventSink: { url: eventGrid.jobStatusUrl, headers: eventGrid.headers },
    ...(python !== undefined && { python }),
    pipArguments,
    ...(defaultImage !== undefined && { defaultImage }),
    faultToken: adminSecret,
    log,
  });
}

function openStorage({ stateFolder, datastoresRoot, eventGrid, workspace }: CloudsConfig, log: (message: string) => void): Storage {
  const { subscriptionId, resourceGroup, workspaceName } = workspace;
  const account = `${workspaceName.replace(/[^a-z0-9]/gi, "").toLowerCase()}local`.slice(0, 24);
  return createStorage({
    stateFolder: join(stateFolder, "storage"),
    container: {
      name: CONTAINER,
      folder: join(datastoresRoot, CONTAINER),
      account: `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`,
    },
    eventUrl: eventGrid.blobCreatedUrl,
    eventHeaders: eventGrid.headers,
    log,
  });
}

/** The workspace's cluster, made by the contract itself; one that somebody has set up stays as it is, unless a size is asked for. */
async function setUpCluster({ workspace, cluster, maxNodes }: CloudsConfig, address: string, token: string): Promise<void> {
  const url = `${address}${workspaceId(workspace)}/computes/${encodeURIComponent(cluster)}?api-version=${API_VERSION}`;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const there = await fetch(url, { headers });
  await there.arrayBuffer();
  if (there.ok && maxNodes === undefined) return;
  const maxNodeCount = maxNodes ?? Math.max(2, Math.floor(availableParallelism() / 2));
  const properties = {
    vmSize: "STANDARD_DS3_V2",
    vmPriority: "Dedicated",
    osType: "Linux",
    scaleSettings: { minNodeCount: 0, maxNodeCount },
  };
  const body = JSON.stringify({ location: workspace.location, properties: { computeType: "AmlCompute", properties } });
  const made = await fetch(url, { method: "PUT", headers, body });
  if (!made.ok) throw new Error(`compute ${cluster} could not be set up: ${made.status} ${(await made.text()).slice(0, 500)}`);
  await made.arrayBuffer();
}
