import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { copyTree } from "./copy-tree.ts";

/**
 * Moves a job's file, or every file of its folder, to its place in a datastore. Each file appears there whole or not at all. A symbolic link
 * becomes what it points to, if that lies within `within`; other links, special files and names that are no UTF-8 are left out.
 * Files already moved are skipped, so that a move cut short can be done again.
 * @returns What was left out, as paths below `from`.
 */
export async function moveFiles(from: string, to: string, within: string): Promise<string[]> {
  if (!lstatSync(from).isDirectory()) return (await moveOne(from, to, within)) ? [] : [basename(from)];
  const leftOut: string[] = [];
  mkdirSync(to, { recursive: true });
  const files = filesBelow(from);
  // Links first, while what they point to still lies where they point.
  for (const { path } of [...files.filter(({ isLink }) => isLink), ...files.filter(({ isLink }) => !isLink)])
    if (!(await moveOne(path, join(to, relative(from, path)), within))) leftOut.push(relative(from, path));
  return leftOut;
}

function filesBelow(folder: string): { path: string; isLink: boolean }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // A name that is no UTF-8 comes with replaced bytes, so nothing can be reached by it.
    return entry.isDirectory() && existsSync(path) ? filesBelow(path) : [{ path, isLink: entry.isSymbolicLink() }];
  });
}

async function moveOne(from: string, to: string, within: string): Promise<boolean> {
  const info = lstatSync(from, { throwIfNoEntry: false });
  if (!info) return false;
  mkdirSync(dirname(to), { recursive: true });
  if (info.isFile()) {
    await moveFile(from, to);
    return true;
  }
  if (!info.isSymbolicLink()) return false;
  const target = existsSync(from) ? realpathSync(from) : "";
  const root = realpathSync(within);
  if (!target.startsWith(`${root}/`) || !lstatSync(target).isFile()) return false;
  await copyInto(target, to);
  return true;
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await copyInto(from, to);
  }
}

/** Copies beside the destination first, since only a rename is seen all at once. */
async function copyInto(from: string, to: string): Promise<void> {
  const partial = join(dirname(to), `.${basename(to).slice(0, 200)}.partial`);
  rmSync(partial, { force: true, recursive: true });
  await copyTree(from, partial);
  renameSync(partial, to);
}
