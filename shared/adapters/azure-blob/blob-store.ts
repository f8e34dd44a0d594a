import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { TokenCredential } from "@azure/identity";
import type { BlobServiceClient, BlockBlobClient, ContainerClient, StorageRetryOptions } from "@azure/storage-blob";
import { isLoopback, type ServiceConnection } from "../../domain/service-connection.ts";
import { type BlobInfo, type BlobRef, type BlobStore, type LayoutFile, STAGED_PART_BYTES } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { blobInfo, isWhole } from "./blob-info.ts";
import { blobEndpoint, connectStorage } from "./connect.ts";
import { LaidOutFolders } from "./laid-out-folders.ts";
import { BlobListings } from "./list-blobs.ts";
import { blobUrl, blockId, checkContainer, checkPath, shown } from "./names.ts";
import { readRange } from "./read-range.ts";
import { isContainerMissing, statusOf, toStoreError, unlessMissing } from "./storage-error.ts";

export interface AzureBlobStoreOptions {
  readonly connection: ServiceConnection;
  /** Used when the connection is by identity. */
  readonly credential: TokenCredential;
  /** Container of a datastore; default: its own name. */
  readonly containerOf?: (datastore: string) => string;
  /** How often {@link BlobStore.changed} looks; default: each second. */
  readonly lookMs?: number;
  readonly retry?: StorageRetryOptions;
}

/**
 * Blobs in a storage account, of Azure or of Azurite. Containers are provisioned, but on this machine they are made when something is first
 * written to them. Committing or writing a blob forgets the parts of all its other uploads, as the service does.
 * @throws {StoreError} `unavailable` when the settings name no account.
 */
export function openAzureBlobStore(options: AzureBlobStoreOptions): BlobStore {
  return new AzureBlobStore(options);
}

class AzureBlobStore implements BlobStore {
  readonly #options: AzureBlobStoreOptions;
  readonly #endpoint: string;
  readonly #listings = new BlobListings();
  readonly #laidOut = new LaidOutFolders(this);
  #service: Promise<BlobServiceClient> | undefined;

  constructor(options: AzureBlobStoreOptions) {
    this.#options = options;
    this.#endpoint = blobEndpoint(options.connection);
  }

  write(ref: BlobRef, body: Uint8Array, { createOnly = false } = {}): Promise<BlobInfo | undefined> {
    return this.#writing(ref, async (blob) => {
      if (!createOnly) return blobInfo(ref.path, body.length, await blob.upload(body, body.length));
      const operation = randomUUID();
      try {
        const written = await blob.upload(body, body.length, { conditions: { ifNoneMatch: "*" }, metadata: { operation } });
        return blobInfo(ref.path, body.length, written);
      } catch (error) {
        if (statusOf(error) !== 409 && statusOf(error) !== 412) throw error;
        // The SDK asks again when an answer was lost: what is there may be of this very write.
        const there = await blob.getProperties();
        return there.metadata?.["operation"] === operation ? blobInfo(ref.path, body.length, there) : undefined;
      }
    });
  }

  async stage(ref: BlobRef, upload: string, part: number, body: Uint8Array): Promise<void> {
    if (body.length > STAGED_PART_BYTES) {
      throw new StoreError("too-large", `a part may have ${STAGED_PART_BYTES} bytes, and part ${part} has ${body.length}`);
    }
    await this.#writing(ref, (blob) => blob.stageBlock(blockId(upload, part), body, body.length));
  }

  commit(ref: BlobRef, upload: string, parts: number): Promise<BlobInfo> {
    const ids = Array.from({ length: parts }, (_, part) => blockId(upload, part));
    return this.#writing(ref, async (blob) => {
      const lists = await blob.getBlockList("all").catch(unlessMissing);
      // Those committed count as well: the answer to a first commit may have been lost.
      const sizes = new Map([...(lists?.committedBlocks ?? []), ...(lists?.uncommittedBlocks ?? [])].map(({ name, size }) => [name, size]));
      const missing = ids.findIndex((id) => !sizes.has(id));
      if (missing >= 0) throw new StoreError("invalid-key", `part ${missing} of upload ${upload} is not there; send it and commit again`);
      const size = ids.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
      return blobInfo(ref.path, size, await blob.commitBlockList(ids));
    });
  }

  /** Nothing to do: the service forgets parts after a week. */
  async discard(ref: BlobRef): Promise<void> {
    checkPath(ref.path);
  }

  /** The service copies within the account, which a reader through this store sees when it is done; then the source goes. */
  async move(from: BlobRef, to: BlobRef): Promise<BlobInfo> {
    checkPath(to.path);
    const source = await this.stat(from);
    if (!source) throw new StoreError("invalid-key", `there is no blob ${from.path} in datastore ${from.datastore} to move`);
    const origin = (await this.#container(from.datastore)).getBlockBlobClient(from.path);
    await this.#writing(to, async (blob) => {
      const copy = await blob.beginCopyFromURL(origin.url, { intervalInMs: 200, sourceConditions: { ifMatch: `"${source.etag}"` } });
      const { copyStatus } = await copy.pollUntilDone();
      if (copyStatus !== "success") throw new StoreError("busy", `${shown(from)} was not copied to ${shown(to)}: ${copyStatus}; try again`);
    });
    const moved = await this.stat(to);
    if (!moved) throw new StoreError("busy", `${shown(to)} was there and is gone; try again`);
    await this.delete(from);
    return moved;
  }

  async layOut(folder: BlobRef, files: readonly LayoutFile[]): Promise<void> {
    checkPath(folder.path);
    await this.#laidOut.ensure(folder, files);
  }

  stat(ref: BlobRef): Promise<BlobInfo | undefined> {
    return this.#at(ref, async (blob) => {
      const there = await blob.getProperties().catch(unlessMissing);
      return there && isWhole(there) ? blobInfo(ref.path, there.contentLength ?? 0, there) : undefined;
    });
  }

  read(ref: BlobRef, { from = 0, length = Number.POSITIVE_INFINITY } = {}): Promise<Uint8Array | undefined> {
    return this.#at(ref, (blob) => readRange(blob, from, length));
  }

  async list(
    datastore: string,
    { prefix = "", after, limit, shallow = false }: { prefix?: string; after?: string; limit: number; shallow?: boolean },
  ): Promise<{ blobs: BlobInfo[]; next?: string }> {
    const container = await this.#container(datastore);
    try {
      return await this.#listings.page(container, { prefix, after, limit, shallow });
    } catch (error) {
      throw toStoreError(error, datastore);
    }
  }

  async delete(ref: BlobRef): Promise<void> {
    await this.#at(ref, (blob) => blob.delete({ deleteSnapshots: "include" }).catch(unlessMissing));
  }

  uri({ datastore, path }: BlobRef): string {
    return blobUrl(this.#endpoint, this.#containerName(datastore), checkPath(path));
  }

  async changed(ref: BlobRef, size: number, signal: AbortSignal): Promise<void> {
    for (let first: string | undefined; !signal.aborted; ) {
      const info = await this.stat(ref);
      first ??= info?.etag;
      if (info && (info.size !== size || info.etag !== first)) return;
      await delay(this.#options.lookMs ?? 1000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The service answers a write when it is on three disks. */
  async durable(): Promise<void> {}

  /** Runs what writes a blob, whose container is made first where it may be. */
  #writing<T>(ref: BlobRef, act: (blob: BlockBlobClient) => Promise<T>): Promise<T> {
    return this.#at(ref, async (blob, container) => {
      try {
        return await act(blob);
      } catch (error) {
        if (!isContainerMissing(error) || !isLoopback(this.#endpoint)) throw error;
        await container.createIfNotExists();
        return await act(blob);
      }
    });
  }

  /** Runs what asks for a blob. @throws {StoreError} */
  async #at<T>(ref: BlobRef, act: (blob: BlockBlobClient, container: ContainerClient) => Promise<T>): Promise<T> {
    checkPath(ref.path);
    const container = await this.#container(ref.datastore);
    try {
      return await act(container.getBlockBlobClient(ref.path), container);
    } catch (error) {
      throw toStoreError(error, shown(ref));
    }
  }

  async #container(datastore: string): Promise<ContainerClient> {
    const name = this.#containerName(datastore);
    this.#service ??= connectStorage(this.#options);
    return (await this.#service).getContainerClient(name);
  }

  #containerName(datastore: string): string {
    return checkContainer(datastore, this.#options.containerOf?.(datastore) ?? datastore);
  }
}
