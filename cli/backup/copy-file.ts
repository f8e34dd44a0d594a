import { createHash } from "node:crypto";
import { lstat, mkdir, open, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackedUpFile } from "./backup-format.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Copies one file with its rights and time, or a symbolic link as it is, and syncs it. Of a file that grows meanwhile, what it had at the beginning.
 * @returns undefined for what is neither (a socket, say).
 */
export async function copyFile(
  path: string,
  from: string,
  to: string,
  onBytes: (count: number) => void,
): Promise<BackedUpFile | undefined> {
  const [source, target] = [join(from, path), join(to, path)];
  const stats = await lstat(source);
  if (!stats.isFile() && !stats.isSymbolicLink()) return undefined;
  await mkdir(dirname(target), { recursive: true });
  if (stats.isSymbolicLink()) {
    const link = await readlink(source);
    await symlink(link, target);
    return { path, link };
  }
  const input = await open(source, "r");
  try {
    const { size, mode, atime, mtime } = await input.stat();
    const output = await open(target, "wx", mode & 0o777);
    try {
      const hash = createHash("sha256");
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size));
      let copied = 0;
      while (copied < size) {
        const { bytesRead } = await input.read(buffer, 0, Math.min(buffer.length, size - copied), copied);
        if (bytesRead === 0) break;
        const bytes = buffer.subarray(0, bytesRead);
        hash.update(bytes);
        await output.writeFile(bytes);
        copied += bytesRead;
        onBytes(bytesRead);
      }
      await output.utimes(atime, mtime);
      await output.sync();
      return { path, size: copied, sha256: hash.digest("hex") };
    } finally {
      await output.close();
    }
  } finally {
    await input.close();
  }
}
