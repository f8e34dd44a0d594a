import { join } from "node:path";
import type { LocalConfig } from "./local-config.ts";
import { readLocalSettings } from "./local-settings.ts";
import type { StorageAccount } from "./storage.ts";

/** Secrets of one start: whoever needs them is told anew each time. */
export interface StartSecrets {
  /** Opens the host's `/admin` and `/runtime` routes. */
  masterKey: string;
  /** Proves to the identity endpoint that the app is asking. */
  identityHeader: string;
  /** Opens the stand-ins' own admin routes. */
  adminSecret: string;
}

/** Stands for this machine as it is where an environment names no base image. */
const THIS_MACHINE = "this-machine";

/** Coordinates of the Azure ML workspace that the stand-in is. */
export const AZUREML = {
  resourceGroup: "local",
  workspaceName: "penstock",
  location: "local",
  defaultDatastore: "workspaceblobstore",
  audience: "https://management.azure.com/",
} as const;

interface Place {
  config: LocalConfig;
  secrets: StartSecrets;
  stateFolder: string;
  /** Of the API. */
  port: number;
  /** Holds the datastores; absent: they are folders. */
  account: StorageAccount | undefined;
}

/** The app's settings: the very names that it has in Azure, with loopback addresses for values. */
export function appSettings({
  config,
  secrets,
  stateFolder,
  port,
  account,
  standIns,
}: Place & { standIns: string }): Record<string, string> {
  return {
    PENSTOCK_WORKSPACE: AZUREML.workspaceName,
    PENSTOCK_API_URL: `http://127.0.0.1:${port}`,
    PENSTOCK_TENANT_ID: config.tenantId,
    PENSTOCK_API_AUDIENCES: config.apiClientId,
    PENSTOCK_AUTHORITY: standIns,
    PENSTOCK_STEP_TOKEN_KEY: config.stepTokenKey,
    PENSTOCK_SQLITE_FILE: join(stateFolder, "app", "penstock.db"),
    ...(account ? { PENSTOCK_STORAGE: account.connectionString } : { PENSTOCK_DATASTORES_FOLDER: join(stateFolder, "datastores") }),
    PENSTOCK_AZUREML_URL: standIns,
    PENSTOCK_AZUREML_AUDIENCE: AZUREML.audience,
    PENSTOCK_AZUREML_SUBSCRIPTION_ID: config.subscriptionId,
    PENSTOCK_AZUREML_RESOURCE_GROUP: AZUREML.resourceGroup,
    PENSTOCK_AZUREML_WORKSPACE: AZUREML.workspaceName,
    PENSTOCK_DEFAULT_IMAGE: THIS_MACHINE,
    // One process writes: a marker's write cannot land long after the next one's.
    PENSTOCK_MARKER_LOOKBACK_SECONDS: "0.5",
    // The managed identity's endpoint, as App Service gives it to an app.
    IDENTITY_ENDPOINT: `${standIns}/msi/token`,
    IDENTITY_HEADER: secrets.identityHeader,
    AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
  };
}

/** What the process of the stand-ins is told. */
export function standInsConfig({
  config,
  secrets,
  stateFolder,
  port,
  account,
  standInsPort,
}: Place & { standInsPort: number }): Record<string, unknown> {
  const webhook = (name: string) => `http://127.0.0.1:${port}/runtime/webhooks/EventGrid?functionName=${name}`;
  return {
    stateFolder: join(stateFolder, "clouds"),
    port: standInsPort,
    datastoresRoot: join(stateFolder, "datastores"),
    ...(account && { storageAccount: { endpoint: account.endpoint, connectionString: account.connectionString } }),
    tenantId: config.tenantId,
    apiClientId: config.apiClientId,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    identityHeader: secrets.identityHeader,
    adminSecret: secrets.adminSecret,
    eventGrid: {
      jobStatusUrl: webhook("jobStatusChanged"),
      blobCreatedUrl: webhook("blobCreated"),
      headers: { "x-functions-key": secrets.masterKey },
    },
    workspace: {
      subscriptionId: config.subscriptionId,
      resourceGroup: AZUREML.resourceGroup,
      workspaceName: AZUREML.workspaceName,
      location: AZUREML.location,
    },
    defaultImage: THIS_MACHINE,
    ...readLocalSettings(process.env),
  };
}
