/** Bytes of one staged part at the most. */
export const STAGED_PART_BYTES = 8 * 1024 * 1024;

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

/** One file of a folder to lay out: where in other blobs its bytes lie. */
export interface LayoutFile {
  /** Below the folder. */
  readonly path: string;
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
  /** Of the file's bytes, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly from: BlobRef;
  /** Bytes from the start of `from`. */
  readonly offset: number;
}

/**
 * Files in datastores. Each adapter passes test/contracts/blob-store.contract.ts. Locally a datastore is a plain folder (blob name = path)
 * that jobs and people write to as well, so nothing is cached. Writes are atomic: a reader sees the old bytes or the new. Which paths a store
 * takes: `RelativePath`; no path that leaves the datastore by a symbolic link is read or written.
 * @throws {StoreError} `unavailable`, `invalid-key` (path), `too-large`.
 */
export interface BlobStore {
  /** Writes a whole blob; with `createOnly` answers undefined when one is there. */
  write(ref: BlobRef, body: Uint8Array, options?: { createOnly?: boolean }): Promise<BlobInfo | undefined>;
  /** Keeps one part of a blob to be; parts of another `upload` never mix. Invisible until {@link commit}. At most {@link STAGED_PART_BYTES}
   * a part, 50,000 parts. A part sent again replaces the first. Parts are not covered by {@link durable}: after power loss they may be gone or hold
   * other bytes, so who commits checks them by a hash. */
  stage(ref: BlobRef, upload: string, part: number, body: Uint8Array): Promise<void>;
  /** Makes parts 0..`parts`-1 one visible blob. @throws {StoreError} `invalid-key` naming a part that is missing. */
  commit(ref: BlobRef, upload: string, parts: number): Promise<BlobInfo>;
  /** Forgets the parts of an upload that will not be committed (Azure does so by itself, after a week); does nothing when there are none. */
  discard(ref: BlobRef, upload: string): Promise<void>;
  /** Gives a blob another place, over whatever is there. @throws {StoreError} `invalid-key` when there is no blob at `from`. */
  move(from: BlobRef, to: BlobRef): Promise<BlobInfo>;
  /**
   * Makes `folder` hold these files; it appears whole. What it holds is derived from other blobs, so it is not part of
   * {@link durable}: call this again before each use. What is as it should be is left alone, what a crash or a hand damaged is laid out anew.
   * @throws {StoreError} `corrupt` when the bytes to copy do not have the hash they should.
   */
  layOut(folder: BlobRef, files: readonly LayoutFile[]): Promise<void>;
  stat(ref: BlobRef): Promise<BlobInfo | undefined>;
  /** Bytes from `from` (default 0), at most `length` (default: to the end); undefined when there is no such blob. */
  read(ref: BlobRef, range?: { from?: number; length?: number }): Promise<Uint8Array | undefined>;
  /** Blobs below `prefix` in order of path. `shallow`: without those in folders below it; it is then empty or ends in `/`. */
  list(
    datastore: string,
    options: { prefix?: string; after?: string; limit: number; shallow?: boolean },
  ): Promise<{ blobs: BlobInfo[]; next?: string }>;
  delete(ref: BlobRef): Promise<void>;
  /** What a compute is given to reach a blob or a folder of blobs: opaque to everyone but the two of them. */
  uri(ref: BlobRef): string;
  /** Resolves once the blob is longer than `size` bytes or was replaced, or at `signal`; by notice locally, looked at each second in Azure. */
  changed(ref: BlobRef, size: number, signal: AbortSignal): Promise<void>;
  /** Resolves when every write that resolved before this call is on disk. */
  durable(): Promise<void>;
}
