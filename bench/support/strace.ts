import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { threadsOf } from "./proc.ts";

/** Whether strace is there and may be used here. */
export function hasStrace(): boolean {
  return (
    spawnSync("strace", ["-f", "--seccomp-bpf", "-qq", "-e", "trace=fdatasync", "-o", "/dev/null", "true"], { stdio: "ignore" }).status ===
    0
  );
}

/** Program and arguments that run another one and write down each sync. Only these calls are stopped at, so that all else keeps its pace. */
export function syncTracer(file: string): string[] {
  return ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "0", "-e", "trace=fsync,fdatasync", "-o", file];
}

/** Counts the finished syncs in strace's output. @returns how many each thread made, by thread id. */
export function countSyncs(output: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [, thread] of output.matchAll(/^(\d+) +(?:f(?:data)?sync\(.*\) +=|<\.\.\. f(?:data)?sync resumed>)/gm))
    counts.set(Number(thread), (counts.get(Number(thread)) ?? 0) + 1);
  return counts;
}

/** Reads what a tracer has written so far, by process. */
export class SyncTrace {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @returns syncs so far of each process. */
  read(pids: readonly number[]): number[] {
    const counts = countSyncs(existsSync(this.#file) ? readFileSync(this.#file, "utf8") : "");
    return pids.map((pid) => threadsOf(pid).reduce((sum, thread) => sum + (counts.get(thread) ?? 0), 0));
  }
}
