import { writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MEMORY_VARIABLE } from "./memory-variable.ts";

/**
 * Comes before the host by `node --import`: at SIGUSR2 it collects garbage and writes what memory the process holds. The program knows nothing
 * of it. In other processes that inherit the option it does nothing.
 */
const file = process.env[MEMORY_VARIABLE];
if (file !== undefined && /local[/\\]start\.js$/.test(process.argv[1] ?? "")) {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  process.on("SIGUSR2", () => {
    gc();
    // Buffers that the first collection let go of are given back after it.
    setTimeout(() => {
      gc();
      writeFileSync(file, JSON.stringify(process.memoryUsage()));
    }, 100);
  });
}
