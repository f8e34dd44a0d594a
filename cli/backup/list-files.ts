import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Everything below a folder that is no folder, links not followed: paths from `root`, sorted. Nothing where it is not there. */
export async function listFiles(root: string, below: string, skip: (path: string) => boolean = () => false): Promise<string[]> {
  const found: string[] = [];
  const folders = [below];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(unlessAbsent);
    for (const entry of entries) {
      const path = `${folder}/${entry.name}`;
      if (skip(path)) continue;
      if (entry.isDirectory()) folders.push(path);
      else found.push(path);
    }
  }
  return found.sort();
}

/** What went away since it was listed is not there. */
function unlessAbsent(error: NodeJS.ErrnoException): [] {
  if (error.code === "ENOENT") return [];
  throw error;
}
