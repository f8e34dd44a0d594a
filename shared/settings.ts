import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { CatalogName } from "./domain/ids.ts";
import { isFault, readServiceConnection, type ServiceConnection, type SettingFault } from "./domain/service-connection.ts";

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const seconds = z
  .string()
  .regex(/^\d+(\.\d{1,3})?$/, "seconds, to the millisecond at the most")
  .transform(Number);
const wholeNumber = z.string().regex(/^\d+$/, "a whole number").transform(Number);
const key = z
  .base64url("base64url")
  .transform((text) => new Uint8Array(Buffer.from(text, "base64url")))
  .refine((bytes) => bytes.length >= 32, "32 bytes or more, as base64url");

/**
 * The environment variables that the app reads, and what each means; {@link readDocuments} and {@link readBlobs} read those of the stores.
 * Nothing else in the app reads the environment.
 */
const Environment = z.object({
  /** Shown name of the workspace. */
  PENSTOCK_WORKSPACE: CatalogName.default("penstock"),
  /** Where jobs reach this API. */
  PENSTOCK_API_URL: z.url(),
  /** Entra tenant whose tokens are taken. */
  PENSTOCK_TENANT_ID: z.guid(),
  /** Client id of the API's app registration, and its App ID URIs, with commas between. */
  PENSTOCK_API_AUDIENCES: list,
  PENSTOCK_AUTHORITY: z.url().default("https://login.microsoftonline.com"),
  /** Signs the tokens of step runs. */
  PENSTOCK_STEP_TOKEN_KEY: key,
  PENSTOCK_AZUREML_URL: z.url().default("https://management.azure.com"),
  PENSTOCK_AZUREML_AUDIENCE: z.url().default("https://management.azure.com/"),
  PENSTOCK_AZUREML_SUBSCRIPTION_ID: z.guid(),
  PENSTOCK_AZUREML_RESOURCE_GROUP: z.string().min(1).max(90),
  PENSTOCK_AZUREML_WORKSPACE: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$/),
  /** Compute of steps that name none. */
  PENSTOCK_DEFAULT_COMPUTE: CatalogName.default("cpu-cluster"),
  /** Base image of environments that name none. */
  PENSTOCK_DEFAULT_IMAGE: z.string().default("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"),
  PENSTOCK_SNAPSHOT_MAX_BYTES: wholeNumber.default(300 * 1024 * 1024),
  PENSTOCK_SNAPSHOT_MAX_FILES: wholeNumber.default(2000),
  /** How far back settled markers are read again: more than clocks of hosts differ. */
  PENSTOCK_MARKER_LOOKBACK_SECONDS: seconds.default(60),
  /** Folder of the step runtime (`clients/python`); it comes with the app. */
  PENSTOCK_RUNTIME_FOLDER: z.string().min(1).optional(),
});

/** Where run history and the catalog are kept. */
export type DocumentsSettings =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "cosmos"; readonly connection: ServiceConnection; readonly database: string; readonly container: string };

/** Where datastores are kept: as folders, or as containers of a storage account. */
export type BlobsSettings =
  | { readonly kind: "folder"; readonly root: string }
  | { readonly kind: "account"; readonly connection: ServiceConnection };

/** The environment as typed settings. */
export type Settings = ReturnType<typeof readSettings>;

/**
 * Reads the environment once, at start.
 * @throws {Error} that names each setting that is wrong, what is wrong with it, and never its value.
 */
export function readSettings(environment: Record<string, string | undefined>) {
  const parsed = Environment.safeParse(environment);
  const [documents, blobs] = [readDocuments(environment), readBlobs(environment)];
  if (!parsed.success || isFault(documents) || isFault(blobs)) {
    const issues = (parsed.error?.issues ?? []).map(({ path, message }) => ({
      setting: path.join("."),
      message: environment[String(path[0])] === undefined ? "is not set" : message,
    }));
    const lines = [...issues, documents, blobs].filter(isFault).map(({ setting, message }) => `  ${setting}: ${message}`);
    throw new Error(`Settings are missing or wrong (see local.settings.sample.json):\n${lines.join("\n")}`);
  }
  const read = parsed.data;
  return {
    workspace: read.PENSTOCK_WORKSPACE,
    apiUrl: read.PENSTOCK_API_URL.replace(/\/$/, ""),
    callers: {
      tenantId: read.PENSTOCK_TENANT_ID,
      audiences: read.PENSTOCK_API_AUDIENCES,
      authority: read.PENSTOCK_AUTHORITY,
      stepTokenKey: read.PENSTOCK_STEP_TOKEN_KEY,
    },
    documents,
    blobs,
    azureml: {
      baseUrl: read.PENSTOCK_AZUREML_URL,
      audience: read.PENSTOCK_AZUREML_AUDIENCE,
      subscriptionId: read.PENSTOCK_AZUREML_SUBSCRIPTION_ID,
      resourceGroup: read.PENSTOCK_AZUREML_RESOURCE_GROUP,
      workspaceName: read.PENSTOCK_AZUREML_WORKSPACE,
    },
    defaultCompute: read.PENSTOCK_DEFAULT_COMPUTE,
    defaultImage: read.PENSTOCK_DEFAULT_IMAGE,
    limits: { snapshotBytes: read.PENSTOCK_SNAPSHOT_MAX_BYTES, snapshotFiles: read.PENSTOCK_SNAPSHOT_MAX_FILES },
    markerLookbackMs: Math.round(read.PENSTOCK_MARKER_LOOKBACK_SECONDS * 1000),
    runtimeFolder: read.PENSTOCK_RUNTIME_FOLDER ?? findRuntime(),
  };
}

type Variables = Readonly<Record<string, string | undefined>>;

/** PENSTOCK_SQLITE_FILE, or PENSTOCK_COSMOS with the settings below it, PENSTOCK_COSMOS_DATABASE and PENSTOCK_COSMOS_CONTAINER. */
function readDocuments(environment: Variables): DocumentsSettings | SettingFault {
  const file = environment["PENSTOCK_SQLITE_FILE"];
  const connection = readServiceConnection(environment, "PENSTOCK_COSMOS", (section) => endpointAt(section, "accountEndpoint"));
  if (connection && isFault(connection)) return connection;
  if (file && connection) return fault("PENSTOCK_SQLITE_FILE", "is set beside PENSTOCK_COSMOS: keep the one where run history is to be");
  if (file) return { kind: "sqlite", file };
  if (!connection) return fault("PENSTOCK_COSMOS", "is not set, nor is PENSTOCK_SQLITE_FILE: run history needs one of them");
  const [database, container] = [environment["PENSTOCK_COSMOS_DATABASE"], environment["PENSTOCK_COSMOS_CONTAINER"]];
  return { kind: "cosmos", connection, database: database || "penstock", container: container || "documents" };
}

/** PENSTOCK_DATASTORES_FOLDER, or PENSTOCK_STORAGE with the settings below it. */
function readBlobs(environment: Variables): BlobsSettings | SettingFault {
  const root = environment["PENSTOCK_DATASTORES_FOLDER"];
  const connection = readServiceConnection(environment, "PENSTOCK_STORAGE", (section) => {
    const account = section("accountName");
    if (section("blobServiceUri") || !account) return endpointAt(section, "blobServiceUri");
    return { key: "accountName", endpoint: `https://${account}.blob.core.windows.net` };
  });
  if (connection && isFault(connection)) return connection;
  if (root && connection)
    return fault("PENSTOCK_DATASTORES_FOLDER", "is set beside PENSTOCK_STORAGE: keep the one where datastores are to be");
  if (root) return { kind: "folder", root };
  return connection
    ? { kind: "account", connection }
    : fault("PENSTOCK_STORAGE", "is not set, nor is PENSTOCK_DATASTORES_FOLDER: datastores need one of them");
}

function endpointAt(section: (key: string) => string | undefined, key: string): { key: string; endpoint: string } | undefined {
  const endpoint = section(key);
  return endpoint === undefined ? undefined : { key, endpoint };
}

function fault(setting: string, message: string): SettingFault {
  return { setting, message };
}

/** `clients/python` beside the app: this file may have been bundled into another folder, so it is looked for upwards. */
function findRuntime(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "clients", "python");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new Error("the step runtime (clients/python) is not beside the app; set PENSTOCK_RUNTIME_FOLDER");
  }
}
