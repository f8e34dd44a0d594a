import { chmodSync, constants, copyFileSync, mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Small files are copied fastest synchronously; this is how long the event loop may be kept for it, in milliseconds. */
const TURN_MILLISECONDS = 4;
const LARGE_FILE_BYTES = 1024 * 1024;

/**
 * Copies a file or folder to a place that is free, as copy-on-write clones where the file system has them. It is never
 * linked, neither hard nor symbolically: whoever writes to the copy must not change the original. Files become writable for their owner.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const info = statSync(from);
  if (!info.isDirectory()) {
    mkdirSync(dirname(to), { recursive: true });
    return copyOne(from, to);
  }
  mkdirSync(to, { recursive: true });
  let turn = performance.now();
  for (const [source, target] of copyFolder(from, to)) {
    const large = copyOne(source, target);
    if (large) await large;
    if (performance.now() - turn < TURN_MILLISECONDS) continue;
    await nextTurn();
    turn = performance.now();
  }
}

/** Lays out folders and symbolic links, and yields the files to copy. */
function* copyFolder(from: string, to: string): Generator<[string, string]> {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      mkdirSync(target, { recursive: true });
      yield* copyFolder(source, target);
    } else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) yield [source, target];
  }
}

/** @returns A promise for a large file only. */
function copyOne(from: string, to: string): Promise<void> | undefined {
  const { size, mode } = statSync(from);
  const writable = () => {
    if ((mode & 0o200) === 0) chmodSync(to, (mode & 0o777) | 0o200);
  };
  if (size > LARGE_FILE_BYTES) return copyFile(from, to, constants.COPYFILE_FICLONE).then(writable);
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  writable();
  return undefined;
}
