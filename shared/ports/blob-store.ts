/** A blob's place: a datastore's name and a path below its root (see `RelativePath`). */
export interface BlobRef {
  readonly datastore: string;
  readonly path: string;
}

export interface BlobInfo {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Opaque; another after every change. */
  readonly etag: string;
  /** ISO 8601, UTC. */
  readonly modifiedAt: string;
}

/**
 * Files in datastores. Each adapter passes test/contracts/blob-store.contract.ts. Locally a datastore is a plain folder (blob name = path)
 * that jobs and people write to as well, so nothing is cached. Writes are atomic: a reader sees the old bytes or the new.
 * @throws {StoreError} `unavailable`, `invalid-key` (path), `too-large`.
 */
export interface BlobStore {
  /** Writes a whole blob; with `createOnly` answers undefined when one is there. */
  write(ref: BlobRef, body: Uint8Array, options?: { createOnly?: boolean }): Promise<BlobInfo | undefined>;
  /** Keeps one part of a blob to be; parts of another `upload` never mix. Invisible until {@link commit}. At most 8 MiB a part. */
  stage(ref: BlobRef, upload: string, part: number, body: Uint8Array): Promise<void>;
  /** Makes parts 0..`parts`-1 one visible blob. @throws {StoreError} `invalid-key` naming a part that is missing. */
  commit(ref: BlobRef, upload: string, parts: number): Promise<BlobInfo>;
  stat(ref: BlobRef): Promise<BlobInfo | undefined>;
  /** Bytes from `from` (default 0), at most `length` (default: to the end); undefined when there is no such blob. */
  read(ref: BlobRef, range?: { from?: number; length?: number }): Promise<Uint8Array | undefined>;
  /** Blobs below `prefix` in order of path. */
  list(datastore: string, options: { prefix?: string; after?: string; limit: number }): Promise<{ blobs: BlobInfo[]; next?: string }>;
  delete(ref: BlobRef): Promise<void>;
  /** What a compute is given to reach a blob or a folder of blobs: opaque to everyone but the two of them. */
  uri(ref: BlobRef): string;
  /** Resolves once the blob is longer than `size` bytes or was replaced, or at `signal`; by notice locally, looked at each second in Azure. */
  changed(ref: BlobRef, size: number, signal: AbortSignal): Promise<void>;
  /** Resolves when every write that resolved before this call is on disk. */
  durable(): Promise<void>;
}
