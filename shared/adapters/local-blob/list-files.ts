import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isSafeRelativePath } from "../../domain/ids.ts";
import { isAbsent } from "./file-error.ts";

export interface FoundFile {
  path: string;
  isLink: boolean;
}

export interface Walk {
  prefix: string;
  /** Exclusive lower bound. */
  after: string | undefined;
  /** Whether folders below the prefix are left out. */
  shallow?: boolean;
}

/**
 * Paths of files (and of links, which the caller looks into) below `base` in `root`, in order of path, read folder by folder as far as the caller goes.
 * Folders that cannot hold a wanted path are not opened, links to folders are not followed, and names that no blob may have are left out.
 */
export async function* listFiles(root: string, walk: Walk, base: string): AsyncGenerator<FoundFile> {
  for (const { name, isFolder, isLink } of await entries(join(root, base))) {
    const path = base + name;
    if (!isSafeRelativePath(path)) continue;
    if (isFolder) {
      if (mayHold(`${path}/`, walk)) yield* listFiles(root, walk, `${path}/`);
    } else if (path.startsWith(walk.prefix) && (walk.after === undefined || path > walk.after)) {
      yield { path, isLink };
    }
  }
}

function mayHold(folder: string, { prefix, after, shallow }: Walk): boolean {
  if (!prefix.startsWith(folder) && (shallow || !folder.startsWith(prefix))) return false;
  return after === undefined || folder > after || after.startsWith(folder);
}

/** In order of the paths they lead to: a folder `a` comes after a file `a-b`, since `a/…` does. */
async function entries(folder: string): Promise<{ name: string; isFolder: boolean; isLink: boolean }[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const keyed = found
    .filter((entry) => entry.isFile() || entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory(),
      isLink: entry.isSymbolicLink(),
      key: entry.isDirectory() ? `${entry.name}/` : entry.name,
    }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
}
