import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectionStringOf } from "./azurite/server.ts";
import { anyPort } from "./free-port.ts";
import type { LocalConfig } from "./local-config.ts";
import { StartError } from "./start-error.ts";

export type StorageKind = "local" | "azurite";

/** The storage account that Azurite is. */
export interface StorageAccount {
  readonly name: string;
  readonly key: string;
  readonly port: number;
  /** URL of its blobs, without a slash at the end. */
  readonly endpoint: string;
  readonly connectionString: string;
}

const ACCOUNT = "penstock";
const WHERE = { local: "in plain folders", azurite: "in Azurite" } as const;

/**
 * Where this workspace keeps its blobs: as it was asked for, else as it did so far. A run's history names blobs, so they are not kept
 * in two places.
 * @throws {StartError} when it is asked for another than the workspace has.
 */
export function chooseStorage(stateFolder: string, config: LocalConfig, asked: StorageKind | undefined): StorageKind {
  const kept = config.storage ?? (config.port === undefined ? undefined : "local");
  if (kept && asked && kept !== asked)
    throw new StartError(
      `the workspace in ${stateFolder} keeps its blobs ${WHERE[kept]}`,
      `start it with --storage ${kept}, or begin another with --storage ${asked} --state <folder>`,
    );
  return asked ?? kept ?? "local";
}

/** Port and key of the account are kept: URLs of blobs are written down in jobs and code versions. */
export async function openAccount(config: LocalConfig): Promise<StorageAccount> {
  const port = config.azuritePort ?? (await anyPort());
  const account = { name: ACCOUNT, key: config.storageKey ?? randomBytes(64).toString("base64") };
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  return { ...account, port, endpoint, connectionString: connectionStringOf(endpoint, account) };
}

/** For tools such as Storage Explorer and az; only its owner may read it. @returns the file. */
export function writeConnectionString(stateFolder: string, { connectionString }: StorageAccount): string {
  const file = join(stateFolder, "azurite", "connection-string.txt");
  writeFileSync(file, `${connectionString}\n`, { mode: 0o600 });
  return file;
}
