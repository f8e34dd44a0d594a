import type { BigIntStats } from "node:fs";

/** A file of the container, as a blob. */
export interface BlobFile {
  /** Below the container's folder, `/` between parts. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Another after every change of the content: made of size, time of change in ns, and inode. */
  readonly etag: string;
}

export function blobFile(path: string, stats: BigIntStats): BlobFile {
  return { path, size: Number(stats.size), etag: [stats.size, stats.mtimeNs, stats.ino].map((part) => part.toString(36)).join("-") };
}

/** Names that begin with a dot are files under way and the like: nobody's blobs. */
export function isHidden(path: string): boolean {
  return path.startsWith(".") || path.includes("/.");
}
