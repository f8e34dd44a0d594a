import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { HostLog } from "../contract.ts";

/** What is kept of one timer: its last run (absent before the first), the next planned one, and when this was written. ISO 8601, UTC. */
const TimerStatus = z.object({ last: z.iso.datetime().optional(), next: z.iso.datetime(), lastUpdated: z.iso.datetime() });
export type TimerStatus = z.infer<typeof TimerStatus>;

const StatusFile = z.record(z.string(), TimerStatus);

/** Keeps the status of each timer over restarts. */
export interface TimerStatusStore {
  get(functionName: string): TimerStatus | undefined;
  /** On disk when it returns. */
  set(functionName: string, status: TimerStatus): void;
}

/** In one JSON file, replaced as a whole, so that a crash leaves the old one or the new one. */
export function openTimerStatusStore(stateFolder: string, log: HostLog): TimerStatusStore {
  const path = join(stateFolder, "timers.json");
  const statuses = readStatuses(path, log);
  return {
    get: (functionName) => statuses.get(functionName),
    set(functionName, status) {
      statuses.set(functionName, status);
      replaceFile(path, JSON.stringify(Object.fromEntries(statuses), null, 2));
    },
  };
}

/** A file that cannot be read loses at most one missed run of each timer, and so must not keep the host from starting. */
function readStatuses(path: string, log: HostLog): Map<string, TimerStatus> {
  try {
    return new Map(Object.entries(StatusFile.parse(JSON.parse(readFileSync(path, "utf8")))));
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!absent)
      log(
        "warning",
        `The timers' status in ${path} cannot be read and starts anew: ${error instanceof Error ? error.message : String(error)}`,
      );
    return new Map();
  }
}

function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
