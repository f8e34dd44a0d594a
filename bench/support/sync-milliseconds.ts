import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./statistics.ts";

const TIMES = 100;

/** What appending 4 KiB and waiting until they are on the disk takes in a folder: the median of a hundred times. */
export function syncMilliseconds(folder: string): number {
  const path = join(folder, "sync");
  const file = openSync(path, "a");
  const page = Buffer.alloc(4096, 1);
  try {
    return median(
      Array.from({ length: TIMES }, () => {
        const began = performance.now();
        writeSync(file, page);
        fdatasyncSync(file);
        return performance.now() - began;
      }),
    );
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
