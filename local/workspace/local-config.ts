import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { STATE_VERSION } from "../../shared/api/workspace-file.ts";
import { StartError } from "./start-error.ts";

const FILE = "config.json";

/** What a workspace on this machine keeps from start to start. It holds secrets: only its owner may read it. */
const LocalConfig = z.object({
  stateVersion: z.literal(STATE_VERSION),
  /** Port of the API: jobs that outlive a start hold it. */
  port: z.int().optional(),
  standInsPort: z.int().optional(),
  /** Where blobs are kept; absent in workspaces that keep them in folders. */
  storage: z.enum(["local", "azurite"]).optional(),
  /** Port and key of the storage account that Azurite is: they stand in URLs and clients that are kept. */
  azuritePort: z.int().optional(),
  storageKey: z.base64().optional(),
  tenantId: z.guid(),
  apiClientId: z.guid(),
  subscriptionId: z.guid(),
  /** The client by which `npm start` gets the CLI its token. */
  clientId: z.guid(),
  clientSecret: z.string(),
  /** Signs the tokens of step runs, which jobs under way hold: it must be the same at the next start. */
  stepTokenKey: z.string(),
});
export type LocalConfig = z.infer<typeof LocalConfig>;

/** Makes the state folder and its configuration, or reads the one there is. @throws {StartError} */
export function openLocalConfig(stateFolder: string): LocalConfig {
  // The compute's shell gets paths of this folder between double quotes, as Azure ML hands paths to a command.
  if (/["$`\\\n]/.test(stateFolder))
    throw new StartError(
      `the state folder ${JSON.stringify(stateFolder)} has a quote, $, backtick, backslash or line break in its path`,
      "choose another with --state",
    );
  makeFolder(stateFolder);
  let text: string;
  try {
    text = readFileSync(join(stateFolder, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw cannot("read", stateFolder, error);
    const made = newConfig();
    saveLocalConfig(stateFolder, made);
    return made;
  }
  return parse(stateFolder, text);
}

/** Replaces the file as a whole, so that a crash leaves the old one or the new. */
export function saveLocalConfig(stateFolder: string, config: LocalConfig): void {
  try {
    writeFileSync(join(stateFolder, `${FILE}.new`), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(join(stateFolder, `${FILE}.new`), join(stateFolder, FILE));
  } catch (error) {
    throw cannot("write", stateFolder, error);
  }
}

function parse(stateFolder: string, text: string): LocalConfig {
  const json = z.object({ stateVersion: z.number() }).loose().safeParse(safeJson(text));
  if (!json.success)
    throw new StartError(
      `${join(stateFolder, FILE)} cannot be read`,
      "restore it from a backup, or move the state folder away to begin anew",
    );
  if (json.data.stateVersion > STATE_VERSION)
    throw new StartError(
      `the state folder ${stateFolder} was written by a newer Penstock (state version ${json.data.stateVersion}, this one reads ${STATE_VERSION})`,
      "update Penstock, or choose another folder with --state",
    );
  const config = LocalConfig.safeParse(json.data);
  if (!config.success)
    throw new StartError(
      `${join(stateFolder, FILE)} is not as it should be: ${config.error.issues[0]?.path.join(".")} ${config.error.issues[0]?.message}`,
      "restore it from a backup, or move the state folder away to begin anew",
    );
  return config.data;
}

function newConfig(): LocalConfig {
  const secret = () => randomBytes(32).toString("base64url");
  return {
    stateVersion: STATE_VERSION,
    tenantId: randomUUID(),
    apiClientId: randomUUID(),
    subscriptionId: randomUUID(),
    clientId: randomUUID(),
    clientSecret: secret(),
    stepTokenKey: secret(),
  };
}

function makeFolder(stateFolder: string): void {
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    chmodSync(stateFolder, 0o700);
  } catch (error) {
    throw cannot("make", stateFolder, error);
  }
}

function cannot(verb: string, stateFolder: string, error: unknown): StartError {
  return new StartError(
    `cannot ${verb} the state folder ${stateFolder}: ${error instanceof Error ? error.message : error}`,
    "give it room and rights, or choose another with --state",
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
