import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import { isSafeRelativePath } from "../../domain/ids.ts";
import type { BlobInfo } from "../../ports/blob-store.ts";
import { blobInfo, isWhole } from "./blob-info.ts";
import { isMissing } from "./storage-error.ts";

/** Names in one answer of the service at the most. */
const PAGE_NAMES = 5000;
const KEPT_PLACES = 1000;

export interface ListBlobsOptions {
  prefix: string;
  after: string | undefined;
  limit: number;
  shallow: boolean;
}

/**
 * Listings by name. The service goes on from a token of its own and from no name, so where each page ended is kept for the next to begin there;
 * a page whose place is not known, as in another process, is looked for from the beginning of the prefix.
 */
export class BlobListings {
  readonly #places = new Map<string, string | undefined>();

  /** Blobs in order of name, and whether there are more. */
  async page(
    container: ContainerClient,
    { prefix, after, limit, shallow }: ListBlobsOptions,
  ): Promise<{ blobs: BlobInfo[]; next?: string }> {
    const keyOf = (name: string) => JSON.stringify([container.containerName, prefix, shallow, name]);
    const known = after !== undefined && this.#places.has(keyOf(after));
    const token = known ? this.#places.get(keyOf(after)) : undefined;
    const size = after === undefined || known ? Math.min(PAGE_NAMES, limit + 1) : PAGE_NAMES;
    const blobs: BlobInfo[] = [];
    let last: string | undefined;
    for await (const { item, place } of namesFrom(container, { prefix, shallow }, token, size)) {
      if (!isListed(item, after)) continue;
      if (blobs.length === limit) {
        const next = blobs.at(-1)?.path ?? "";
        this.#keep(keyOf(next), last);
        return { blobs, next };
      }
      blobs.push(blobInfo(item.name, item.properties.contentLength ?? 0, item.properties));
      last = place;
    }
    return { blobs };
  }

  #keep(key: string, place: string | undefined): void {
    this.#places.delete(key);
    this.#places.set(key, place);
    const oldest = this.#places.keys().next().value;
    if (this.#places.size > KEPT_PLACES && oldest !== undefined) this.#places.delete(oldest);
  }
}

/** Names of a container, each with the token of the answer that held it. A container that is not there holds none. */
async function* namesFrom(
  container: ContainerClient,
  { prefix, shallow }: Pick<ListBlobsOptions, "prefix" | "shallow">,
  token: string | undefined,
  maxPageSize: number,
): AsyncGenerator<{ item: BlobItem; place: string | undefined }> {
  const options = { prefix, includeCopy: true };
  const page = { maxPageSize, ...(token && { continuationToken: token }) };
  const pages = shallow ? container.listBlobsByHierarchy("/", options).byPage(page) : container.listBlobsFlat(options).byPage(page);
  let place = token;
  try {
    for await (const { segment, continuationToken } of pages) {
      for (const item of segment.blobItems) yield { item, place };
      place = continuationToken;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isListed({ name, properties }: BlobItem, after: string | undefined): boolean {
  if (after !== undefined && Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0) return false;
  return isSafeRelativePath(name) && isWhole(properties);
}
