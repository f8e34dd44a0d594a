import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";

// The originals: this module is loaded before they are replaced.
const fs = { closeSync, fstatSync, ftruncateSync, openSync, readSync };

const HEADER = 32;
const FRAME_HEADER = 24;

/** How far a database's log is valid: the bytes up to the end of its last commit, and the salts of this filling of it. */
export interface WalEnd {
  salts: string;
  end: number;
}

/** Reads the frames of `<database>-wal` (https://sqlite.org/fileformat2.html#walformat). Undefined when there is none. */
export function walEnd(database: string): WalEnd | undefined {
  return withFile(`${database}-wal`, "r", (file) => {
    const header = read(file, 0, HEADER);
    if (!header) return undefined;
    const salts = header.toString("hex", 16, 24);
    const step = FRAME_HEADER + header.readUInt32BE(8);
    let end = HEADER;
    for (let at = HEADER; ; at += step) {
      const frame = read(file, at, FRAME_HEADER);
      if (!frame || frame.toString("hex", 8, 16) !== salts) break;
      if (frame.readUInt32BE(4) !== 0) end = at + step;
    }
    return { salts, end };
  });
}

/**
 * Cuts the log as a loss of power in the middle of its last writes would: somewhere behind `synced`, up to which the disk had been waited for,
 * and before its end. @param where From 0 up to 1.
 */
export function tearWal(database: string, synced: WalEnd | undefined, where: number): void {
  const now = walEnd(database);
  if (!now) return;
  const from = synced?.salts === now.salts ? synced.end : HEADER;
  withFile(`${database}-wal`, "r+", (file) => fs.ftruncateSync(file, from + Math.floor(where * (now.end - from))));
}

function withFile<T>(path: string, flags: string, use: (file: number) => T): T | undefined {
  let file: number;
  try {
    file = fs.openSync(path, flags);
  } catch {
    return undefined;
  }
  try {
    return use(file);
  } finally {
    fs.closeSync(file);
  }
}

function read(file: number, from: number, length: number): Buffer | undefined {
  if (fs.fstatSync(file).size < from + length) return undefined;
  const bytes = Buffer.alloc(length);
  fs.readSync(file, bytes, 0, length, from);
  return bytes;
}
