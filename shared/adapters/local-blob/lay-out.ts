import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LayoutFile } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { eventLoopSlices } from "./event-loop-slices.ts";
import { isAbsent } from "./file-error.ts";

// Files are read and written synchronously, in slices: for small files the thread pool takes several times as long.
const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes files below `folder`, which is empty; `sources` has the path of each source by {@link sourceKey}. Nothing is synced.
 * @throws {StoreError} `corrupt` when bytes do not have the hash they should.
 */
export async function writeLayout(folder: string, files: readonly LayoutFile[], sources: ReadonlyMap<string, string>): Promise<void> {
  const opened = new Map([...sources].map(([key, path]) => [key, openSync(path, "r")]));
  const made = new Set([folder]);
  const breathe = eventLoopSlices();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    for (const file of files) {
      const path = join(folder, file.path);
      makeFolder(dirname(path), made);
      const to = openSync(path, "wx", file.executable ? 0o755 : 0o644);
      try {
        const sha256 = await copyRange(opened.get(sourceKey(file)) ?? -1, file, buffer, breathe, (bytes) => writeFully(to, bytes));
        if (sha256 !== file.sha256)
          throw new StoreError("corrupt", `${sourceKey(file)} no longer holds the bytes of ${file.path}; upload it again`);
      } finally {
        closeSync(to);
      }
      await breathe();
    }
  } finally {
    for (const from of opened.values()) closeSync(from);
  }
}

function makeFolder(folder: string, made: Set<string>): void {
  if (made.has(folder)) return;
  mkdirSync(folder, { recursive: true });
  made.add(folder);
}

/** Whether every file is there with its bytes and mode. */
export async function isLaidOut(folder: string, files: readonly LayoutFile[]): Promise<boolean> {
  const breathe = eventLoopSlices();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (const file of files) {
    if (!(await isIntact(join(folder, file.path), file, buffer, breathe))) return false;
    await breathe();
  }
  return true;
}

export function sourceKey({ from }: LayoutFile): string {
  return `${from.datastore}/${from.path}`;
}

async function isIntact(path: string, file: LayoutFile, buffer: Buffer, breathe: () => Promise<void> | undefined): Promise<boolean> {
  const handle = openIfThere(path);
  if (handle === undefined) return false;
  try {
    const { size, mode } = fstatSync(handle);
    if (size !== file.size || ((mode & 0o100) !== 0) !== file.executable) return false;
    return (await copyRange(handle, { size, offset: 0 }, buffer, breathe, () => undefined)) === file.sha256;
  } finally {
    closeSync(handle);
  }
}

/** Hands a range of a file on in pieces; answers its sha256, or nothing when the file ends early. */
async function copyRange(
  from: number,
  { offset, size }: { offset: number; size: number },
  buffer: Buffer,
  breathe: () => Promise<void> | undefined,
  take: (bytes: Buffer) => void,
): Promise<string | undefined> {
  const hash = createHash("sha256");
  for (let done = 0; done < size; ) {
    const read = readSync(from, buffer, 0, Math.min(buffer.length, size - done), offset + done);
    if (read === 0) return undefined;
    const bytes = buffer.subarray(0, read);
    hash.update(bytes);
    take(bytes);
    done += read;
    if (done < size) await breathe();
  }
  return hash.digest("hex");
}

function writeFully(to: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(to, bytes, done);
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsent(error) || (error instanceof Error && "code" in error && error.code === "ELOOP")) return undefined;
    throw error;
  }
}
