import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Up to here a file is read in one go. */
const WHOLE_BYTES = 4 * 1024 * 1024;

/** sha256 of a file's bytes in hexadecimal, with the number of bytes that were read. */
export function hashFile(path: string, stat: Pick<Stats, "size">): { sha256: string; size: number } {
  if (stat.size > WHOLE_BYTES) return hashInPieces(path);
  const bytes = readFileSync(path);
  return { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
}

function hashInPieces(path: string): { sha256: string; size: number } {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(WHOLE_BYTES);
  const file = openSync(path, "r");
  let size = 0;
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, read));
      size += read;
    }
  } finally {
    closeSync(file);
  }
  return { sha256: hash.digest("hex"), size };
}
