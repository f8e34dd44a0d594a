import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endAll } from "./live.ts";

/** How long an interrupted program waits for what it started. */
const PATIENCE_MS = 8000;

/** Makes a folder that goes with the process, and has an interrupt end all that was started before. */
export function makeWorkFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      setTimeout(() => process.exit(130), PATIENCE_MS).unref();
      void endAll().finally(() => process.exit(130));
    });
  return folder;
}
