import type { BigIntStats } from "node:fs";
import type { BlobInfo } from "../../ports/blob-store.ts";

/** A file as a blob. The etag is made of size, time of change (ns) and inode: every write of ours is a new inode, every other moves the time. */
export function blobInfo(path: string, stats: BigIntStats): BlobInfo {
  return {
    path,
    size: Number(stats.size),
    etag: [stats.size, stats.mtimeNs, stats.ino].map((part) => part.toString(36)).join("-"),
    modifiedAt: new Date(Number(stats.mtimeMs)).toISOString(),
  };
}
