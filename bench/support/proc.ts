import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in these (USER_HZ, the same on every platform that Node runs on). */
export const TICKS_PER_SECOND = 100;

/** PF_KTHREAD of the kernel's include/linux/sched.h. */
const KERNEL_THREAD = 0x00200000;

/** What `/proc/<pid>/stat` says of a process; times in seconds, those of children that were waited for kept apart (proc(5)). */
export interface ProcessStat {
  pid: number;
  parent: number;
  isKernel: boolean;
  seconds: number;
  childrenSeconds: number;
}

/** Reads one line of `/proc/<pid>/stat`. A program's name may hold blanks and brackets, so what follows the last bracket counts. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const seconds = (...places: number[]) => places.reduce((sum, place) => sum + Number(fields[place - 3]), 0) / TICKS_PER_SECOND;
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(fields[1]),
    isKernel: (Number(fields[6]) & KERNEL_THREAD) !== 0,
    seconds: seconds(14, 15),
    childrenSeconds: seconds(16, 17),
  };
}

/** All processes there are. One that ends meanwhile is left out. */
export function listProcesses(): ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const line = readText(`/proc/${pid}/stat`);
      return line === undefined ? [] : [parseStat(line)];
    });
}

/** A process and everything below it. */
export function familyOf(root: number, processes: readonly ProcessStat[]): ProcessStat[] {
  const family = new Set([root]);
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return processes.filter(({ pid }) => family.has(pid));
}

/** CPU seconds that processes have used, ended children included. */
export function secondsOf(processes: readonly ProcessStat[]): number {
  return processes.reduce((sum, { seconds, childrenSeconds }) => sum + seconds + childrenSeconds, 0);
}

/** Memory of a process in bytes, its share of what several use divided among them; undefined when it is gone. */
export function proportionalBytes(pid: number): number | undefined {
  return kibibytes(`/proc/${pid}/smaps_rollup`, "Pss");
}

/** Resident memory of a process in bytes; undefined when it is gone. */
export function residentBytes(pid: number): number | undefined {
  return kibibytes(`/proc/${pid}/status`, "VmRSS");
}

export function commandOf(pid: number): string {
  return readText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim() ?? "";
}

/** Ids of a process's threads. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function kibibytes(path: string, field: string): number | undefined {
  const value = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readText(path) ?? "")?.[1];
  return value === undefined ? undefined : Number(value) * 1024;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
