import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
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
  return ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", file];
}

/** One wait for the disk: the thread that asked for it, and the file's name. */
export interface TracedSync {
  thread: number;
  file: string;
}

/** Reads strace's output. A call that another thread's line cuts in two counts where it begins. */
export function parseSyncs(output: string): TracedSync[] {
  return [...output.matchAll(/^(\d+) +f(?:data)?sync\(\d+<([^>]*)>/gm)].map(([, thread, path = ""]) => ({
    thread: Number(thread),
    file: basename(path),
  }));
}

/** Syncs so far of a process that strace watches, by file. */
export function readSyncs(trace: string, pid: number): Map<string, number> {
  const threads = new Set(threadsOf(pid));
  const counts = new Map<string, number>();
  for (const { thread, file } of parseSyncs(existsSync(trace) ? readFileSync(trace, "utf8") : ""))
    if (threads.has(thread)) counts.set(file, (counts.get(file) ?? 0) + 1);
  return counts;
}
