import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Finding } from "./finding.ts";

/** How long processes that were told to end may take until they are gone. */
const GONE_MS = 3_000;

/** After everything has stopped no process may live that names the case's folder in its environment or its arguments. Linux only. */
export async function checkProcesses(folder: string): Promise<Finding[]> {
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0) return [];
    if (performance.now() < deadline) {
      await delay(50);
      continue;
    }
    return left.map((pid) => ({
      kind: "leftover process" as const,
      what: `process ${pid} is left: ${read(pid, "cmdline").replaceAll("\0", " ").slice(0, 200)}`,
    }));
  }
}

export function processesOf(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && (read(pid, "environ").includes(folder) || read(pid, "cmdline").includes(folder)));
}

/** Empty for one that has ended meanwhile, and for one that has ended and nobody has waited for. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}
