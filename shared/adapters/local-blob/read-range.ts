import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf, isAbsent } from "./file-error.ts";

/** No link is followed at the last moment, and a pipe that somebody put there does not block. */
const SAFELY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Bytes `from` to `from + length`, fewer at the file's end; undefined when there is no plain file. */
export async function readRange(file: string, from: number, length: number): Promise<Uint8Array | undefined> {
  const handle = await open(file, SAFELY).catch((error: unknown) => {
    if (isAbsent(error) || errnoOf(error) === "ELOOP" || errnoOf(error) === "ENXIO") return undefined;
    throw error;
  });
  if (!handle) return undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return undefined;
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, stats.size - from)));
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
      if (bytesRead === 0) break; // cut short while it was read
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await handle.close();
  }
}
