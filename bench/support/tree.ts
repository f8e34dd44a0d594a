import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const FILES = 10_000;
const FILES_PER_FOLDER = 100;
const FILE_BYTES = 4096;

/** Path of a file by its number. */
export function fileOf(n: number): string {
  return `folder${Math.floor(n / FILES_PER_FOLDER)}/file${n}.txt`;
}

/** Writes ten thousand files of 4 KiB, a hundred a folder; another seed gives files that have nothing in common. */
export function writeTree(root: string, seed: number): void {
  let state = seed * 0x9e3779b9;
  const words = new Uint32Array(FILE_BYTES / 4);
  for (let n = 0; n < FILES; n++) {
    if (n % FILES_PER_FOLDER === 0) mkdirSync(join(root, fileOf(n), ".."), { recursive: true });
    for (let i = 0; i < words.length; i++) {
      // Marsaglia's xorshift32 (Journal of Statistical Software 8(14), 2003).
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    writeFileSync(join(root, fileOf(n)), words);
  }
}
