import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Whether nothing is there, or an empty folder. */
export async function isVacant(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return false;
    throw error;
  }
}

/**
 * Makes a folder that is there whole or not at all: `fill` gets another beside it, which takes the place when it is done. Whatever goes wrong, and an
 * interrupt too, leaves nothing; a killed process leaves `<folder>.<process id>.partial`.
 */
export async function makeWhole<T>(folder: string, fill: (partial: string) => Promise<T>): Promise<T> {
  const partial = `${folder}.${process.pid}.partial`;
  await makeParent(dirname(folder));
  await mkdir(partial, { mode: 0o700 });
  try {
    const result = await fill(partial);
    await syncTree(partial);
    await rename(partial, folder);
    await syncFolder(dirname(folder));
    return result;
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined); // what went wrong first is what counts
    throw error;
  }
}

/** Makes a folder and those above it, and puts their names on the disk. */
async function makeParent(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** A file that was synced can still be lost with its name, which is in the folder that holds it: each below is synced, the deepest first. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  await syncFolder(folder);
}

/** New names in it are then on the disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
