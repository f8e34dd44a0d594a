import { createReadStream } from "node:fs";
import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AppendBlobClient, BlobServiceClient, ContainerClient, RestError } from "@azure/storage-blob";

export interface BlobAccountOptions {
  /** URL of the account's blobs, without a slash at the end. */
  endpoint: string;
  /** Opens the account, as the datastores of a workspace hold the keys of theirs. */
  connectionString: string;
}

const AT_ONCE = 16;
/** Bytes of one append at the most: what every version of the service takes. */
const APPEND_BYTES = 4 * 1024 * 1024;
const RETRIES = { maxTries: 5, retryDelayInMs: 200, maxRetryDelayInMs: 4_000 };
/** A mount shows every file as one that may be executed, and blobs have no modes. */
const MODE = 0o755;

/** The storage account of a workspace's datastores, a container each, as nodes of a cluster reach it. */
export class BlobAccount {
  readonly endpoint: string;
  readonly #connectionString: string;
  #service: Promise<BlobServiceClient> | undefined;

  constructor({ endpoint, connectionString }: BlobAccountOptions) {
    this.endpoint = endpoint;
    this.#connectionString = connectionString;
  }

  /** Names that begin with a prefix; with `limit`, the first of them. */
  async names(container: string, prefix: string, limit = Number.POSITIVE_INFINITY): Promise<string[]> {
    const names: string[] = [];
    try {
      const blobs = (await this.#container(container)).listBlobsFlat({ prefix }).byPage({ maxPageSize: Math.min(limit, 5_000) });
      for await (const { segment } of blobs) {
        names.push(...segment.blobItems.map(({ name }) => name));
        if (names.length >= limit) break;
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return names.slice(0, limit);
  }

  async has(container: string, name: string): Promise<boolean> {
    return (await this.#container(container)).getBlobClient(name).exists();
  }

  async downloadFile(container: string, name: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    await (await this.#container(container)).getBlobClient(name).downloadToFile(to, 0, undefined, { maxRetryRequests: 4 });
    await chmod(to, MODE);
  }

  /** Files by name below `prefix` into a folder. Names that would leave it are passed over, as no file system could show them. */
  async downloadFolder(container: string, prefix: string, to: string): Promise<void> {
    await mkdir(to, { recursive: true });
    const paths = (await this.names(container, prefix)).map((name) => name.slice(prefix.length)).filter(isPlainPath);
    await inBatches(paths, (path) => this.downloadFile(container, prefix + path, join(to, path)));
  }

  async uploadFile(container: string, name: string, from: string): Promise<void> {
    await this.#writing(container, (client) => client.getBlockBlobClient(name).uploadFile(from));
  }

  /** Files of this machine by the names they get. */
  async uploadFiles(container: string, files: ReadonlyMap<string, string>): Promise<void> {
    await inBatches([...files], ([name, from]) => this.uploadFile(container, name, from));
  }

  async delete(container: string, name: string): Promise<void> {
    await (await this.#container(container)).getBlobClient(name).deleteIfExists();
  }

  /** Length of an append blob, which is made when it is missing, and how many appends made it. */
  async appended(container: string, name: string): Promise<{ bytes: number; appends: number }> {
    return this.#writing(container, async (client) => {
      const blob = client.getAppendBlobClient(name);
      await blob.createIfNotExists();
      const { contentLength = 0, blobCommittedBlockCount = 0 } = await blob.getProperties();
      return { bytes: contentLength, appends: blobCommittedBlockCount };
    });
  }

  /** Appends bytes `start` to `end` of a file to a blob that is `start` long, and answers how many appends that took. */
  async append(container: string, name: string, { file, start, end }: { file: string; start: number; end: number }): Promise<number> {
    const blob = (await this.#container(container)).getAppendBlobClient(name);
    let appends = 0;
    for (let at = start; at < end; at += APPEND_BYTES, appends++) {
      await appendPiece(blob, file, at, Math.min(APPEND_BYTES, end - at));
    }
    return appends;
  }

  async #container(name: string): Promise<ContainerClient> {
    this.#service ??= import("@azure/storage-blob").then(({ BlobServiceClient }) =>
      BlobServiceClient.fromConnectionString(this.#connectionString, { retryOptions: RETRIES }),
    );
    return (await this.#service).getContainerClient(name);
  }

  async #writing<T>(container: string, act: (client: ContainerClient) => Promise<T>): Promise<T> {
    const client = await this.#container(container);
    try {
      return await act(client);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await client.createIfNotExists();
      return await act(client);
    }
  }
}

/** An append whose answer was lost is not made twice: the second finds the blob longer than it should be. */
async function appendPiece(blob: AppendBlobClient, file: string, at: number, length: number): Promise<void> {
  const body = () => createReadStream(file, { start: at, end: at + length - 1 });
  try {
    await blob.appendBlock(body, length, { conditions: { appendPosition: at } });
  } catch (error) {
    const isMine = (error as Partial<RestError>).statusCode === 412 && (await blob.getProperties()).contentLength === at + length;
    if (!isMine) throw error;
  }
}

export async function sizeOf(file: string): Promise<number> {
  return (await stat(file)).size;
}

function isMissing(error: unknown): boolean {
  return (error as Partial<RestError>).statusCode === 404;
}

function isPlainPath(path: string): boolean {
  return path !== "" && !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

async function inBatches<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += AT_ONCE) await Promise.all(items.slice(i, i + AT_ONCE).map(act));
}
