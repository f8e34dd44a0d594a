import type { BlobInfo, BlobRef, BlobStore } from "../ports/blob-store.ts";
import { hashBlob } from "./hash-blob.ts";

const KEPT = 100_000;

/** sha256 of files in datastores, remembered as long as a file's etag stays the same: hashing reads the whole file. */
export class FileHashes {
  readonly #blobs: BlobStore;
  readonly #known = new Map<string, { etag: string; sha256: string }>();

  constructor({ blobs }: { blobs: BlobStore }) {
    this.#blobs = blobs;
  }

  async of(ref: BlobRef, info: BlobInfo): Promise<string> {
    const known = this.#known.get(keyOf(ref));
    if (known?.etag === info.etag) return known.sha256;
    const sha256 = await hashBlob(this.#blobs, ref);
    // What changed while it was read is not remembered.
    if ((await this.#blobs.stat(ref))?.etag === info.etag) this.note(ref, info, sha256);
    return sha256;
  }

  note(ref: BlobRef, info: BlobInfo, sha256: string): void {
    this.#known.delete(keyOf(ref));
    this.#known.set(keyOf(ref), { etag: info.etag, sha256 });
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > KEPT && oldest !== undefined) this.#known.delete(oldest);
  }
}

function keyOf(ref: BlobRef): string {
  return `${ref.datastore}/${ref.path}`;
}
