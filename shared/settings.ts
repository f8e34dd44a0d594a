import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { CatalogName } from "./domain/ids.ts";

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const wholeNumber = z.string().regex(/^\d+$/, "a whole number").transform(Number);
const key = z
  .base64url("base64url")
  .transform((text) => new Uint8Array(Buffer.from(text, "base64url")))
  .refine((bytes) => bytes.length >= 32, "32 bytes or more, as base64url");

/** The environment variables that the app reads, and what each means. Nothing else in the app reads the environment. */
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
  /** File of the SQLite store. */
  PENSTOCK_SQLITE_FILE: z.string().min(1),
  /** Folder that holds the datastores' containers as folders. */
  PENSTOCK_DATASTORES_FOLDER: z.string().min(1),
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
  PENSTOCK_MARKER_LOOKBACK_SECONDS: wholeNumber.default(60),
  /** Folder of the step runtime (`clients/python`); it comes with the app. */
  PENSTOCK_RUNTIME_FOLDER: z.string().min(1).optional(),
});

/** The environment as typed settings. */
export type Settings = ReturnType<typeof readSettings>;

/**
 * Reads the environment once, at start.
 * @throws {Error} that names each setting that is wrong, what is wrong with it, and never its value.
 */
export function readSettings(environment: Record<string, string | undefined>) {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      ({ path, message }) => `  ${path.join(".")}: ${environment[String(path[0])] === undefined ? "is not set" : message}`,
    );
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
    sqliteFile: read.PENSTOCK_SQLITE_FILE,
    datastoresFolder: read.PENSTOCK_DATASTORES_FOLDER,
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
    markerLookbackMs: read.PENSTOCK_MARKER_LOOKBACK_SECONDS * 1000,
    runtimeFolder: read.PENSTOCK_RUNTIME_FOLDER ?? findRuntime(),
  };
}

/** `clients/python` beside the app: this file may have been bundled into another folder, so it is looked for upwards. */
function findRuntime(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "clients", "python");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new Error("the step runtime (clients/python) is not beside the app; set PENSTOCK_RUNTIME_FOLDER");
  }
}
