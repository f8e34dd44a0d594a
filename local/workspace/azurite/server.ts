import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The part of Azurite's own modules that is used; the package has no declarations. Held to by the pinned version. */
interface LokiDatabase {
  autosaveInterval: number;
  autosaveDisable(): void;
  autosaveEnable(): void;
}
interface BlobServer {
  readonly metadataStore: { readonly db: LokiDatabase };
  readonly extentMetadataStore: { readonly db: LokiDatabase };
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}
type Module<T> = { default: new (...parameters: readonly unknown[]) => T };

export const AZURITE_VERSION = "3.35.0";
const HOST = "127.0.0.1";
const KEEP_ALIVE_SECONDS = 5;
/** Azurite keeps its index in memory and writes it whole this often; what came since is lost when it is killed. Its own default is 5,000. */
const SAVE_MS = 500;

export interface AzuriteOptions {
  /** Where its files lie; absent: in memory. */
  folder?: string;
  /** 0: any. */
  port: number;
  /** `key`: base64. */
  account: { name: string; key: string };
}

export interface Azurite {
  /** Of the blobs: `http://127.0.0.1:<port>/<account>`. */
  readonly endpoint: string;
  readonly port: number;
  /** Writes everything to disk and ends. */
  close(): Promise<void>;
}

/** Whether the package can be loaded from here: it is no dependency of a plain start. */
export function hasAzurite(): boolean {
  try {
    createRequire(import.meta.url).resolve("azurite/package.json");
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts Azurite's blob service in this process, on loopback.
 * @throws {Error} when the package is missing or the port is taken.
 */
export async function startAzurite({ folder, port, account }: AzuriteOptions): Promise<Azurite> {
  process.env["AZURITE_ACCOUNTS"] = `${account.name}:${account.key}`; // it is told of accounts in no other way
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Names in a variable: bundled, these modules would not find their own files.
  const [server, configuration] = ["azurite/dist/src/blob/BlobServer", "azurite/dist/src/blob/BlobConfiguration"];
  const load = createRequire(import.meta.url);
  const { default: Server } = load(server) as Module<BlobServer>;
  const { default: Configuration } = load(configuration) as Module<unknown>;
  const running = new Server(new Configuration(...parametersOf(folder, port)));
  await running.start();
  for (const { db } of [running.metadataStore, running.extentMetadataStore]) saveOften(db, folder !== undefined);
  const address = running.getHttpServerAddress();
  return { endpoint: `${address}/${account.name}`, port: Number(new URL(address).port), close: () => running.close() };
}

export function connectionStringOf(endpoint: string, { name, key }: AzuriteOptions["account"]): string {
  return `DefaultEndpointsProtocol=http;AccountName=${name};AccountKey=${key};BlobEndpoint=${endpoint};`;
}

/** In the order of `BlobConfiguration`'s constructor. */
function parametersOf(folder: string | undefined, port: number): readonly unknown[] {
  const at = (name: string) => join(folder ?? "", name);
  const extents = [{ locationId: "Default", locationPath: at("blobs"), maxConcurrency: 50 }];
  const logs = [false, undefined, false, undefined];
  // Of clients it knows only versions older than itself; the checks of a request stay strict.
  const [loose, skipApiVersionCheck] = [false, true];
  const tls = ["", "", "", undefined];
  const productStyleUrlOff = true;
  const isInMemory = folder === undefined;
  const files = [at("blobs.json"), at("extents.json"), extents];
  return [HOST, port, KEEP_ALIVE_SECONDS, ...files, ...logs, loose, skipApiVersionCheck, ...tls, productStyleUrlOff, isInMemory];
}

function saveOften(db: LokiDatabase, isKept: boolean): void {
  if (!isKept) return;
  db.autosaveDisable();
  db.autosaveInterval = SAVE_MS;
  db.autosaveEnable();
}
