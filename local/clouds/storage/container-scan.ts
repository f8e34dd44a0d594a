import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isHidden } from "./blob-file.ts";

/** Files looked at side by side. */
const SIDE_BY_SIDE = 32;

export interface ScanVisitor {
  /** Called before the folder's names are read, so that a watch set up here misses nothing. "" is the root. */
  folder(path: string, inode: bigint): void;
  file(path: string, stats: BigIntStats): void;
  /** Asked between folders: true ends the scan. */
  isStopped(): boolean;
}

/** Visits what lies at and below a path of the root. Hidden names and symbolic links are passed over; what vanishes meanwhile is too. */
export async function scan(root: string, path: string, visitor: ScanVisitor): Promise<void> {
  const stats = await statOf(root, path);
  if (stats) await visit(root, path, stats, visitor);
}

/** What is at a path; undefined for nothing. */
export async function statOf(root: string, path: string): Promise<BigIntStats | undefined> {
  return await lstat(join(root, path), { bigint: true }).catch(unlessGone);
}

async function visit(root: string, path: string, stats: BigIntStats, visitor: ScanVisitor): Promise<void> {
  if (stats.isFile()) return visitor.file(path, stats);
  if (!stats.isDirectory() || visitor.isStopped()) return;
  visitor.folder(path, stats.ino);
  const names = (await readdir(join(root, path)).catch(unlessGone)) ?? [];
  const paths = names.map((name) => (path === "" ? name : `${path}/${name}`)).filter((below) => !isHidden(below));
  for (let start = 0; start < paths.length && !visitor.isStopped(); start += SIDE_BY_SIDE) {
    const some = paths.slice(start, start + SIDE_BY_SIDE);
    const found = await Promise.all(some.map(async (below) => [below, await statOf(root, below)] as const));
    for (const [below, belowStats] of found) if (belowStats) await visit(root, below, belowStats, visitor);
  }
}

/** Gone, not a folder any more, or not for us to see. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"].includes(error.code ?? "")) return undefined;
  throw error;
}
