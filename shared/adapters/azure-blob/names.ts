import { createHash } from "node:crypto";
import { CatalogName, isSafeRelativePath } from "../../domain/ids.ts";
import type { BlobRef } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";

const CONTAINER = /^[a-z0-9](?:-?[a-z0-9])+$/;
const UPLOAD_BYTES = 16;
const PART_BYTES = 4;

/** @throws {StoreError} `invalid-key` for what cannot be a container's name in Azure. */
export function checkContainer(datastore: string, container: string): string {
  if (CatalogName.safeParse(datastore).success && container.length >= 3 && container.length <= 63 && CONTAINER.test(container))
    return container;
  throw new StoreError(
    "invalid-key",
    `${JSON.stringify(datastore)} cannot be a container: 3 to 63 lower-case letters and digits, with single '-' between them`,
  );
}

/** @throws {StoreError} `invalid-key`. */
export function checkPath(path: string): string {
  if (isSafeRelativePath(path) && path.length <= 1024) return path;
  throw new StoreError(
    "invalid-key",
    `${JSON.stringify(path.slice(0, 300))} is not a path in a datastore: 1 to 1,024 characters, '/' between parts, no '..', '.', '\\', empty part or control character`,
  );
}

/** Id of a block, by the upload and part that it is: all of a blob's are equally long, as the service wants them. */
export function blockId(upload: string, part: number): string {
  const id = Buffer.alloc(UPLOAD_BYTES + PART_BYTES);
  createHash("sha256").update(upload).digest().copy(id, 0, 0, UPLOAD_BYTES);
  id.writeUInt32BE(part, UPLOAD_BYTES);
  return id.toString("base64");
}

/** URL of a blob or of the folder that blobs seem to lie in. */
export function blobUrl(endpoint: string, container: string, path: string): string {
  return `${endpoint}/${container}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** As errors show it. */
export function shown({ datastore, path }: BlobRef): string {
  return `${datastore}/${path}`.slice(0, 300);
}
