import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { familyOf, listProcesses, secondsOf, TICKS_PER_SECOND } from "../support/proc.ts";

/** Where the machine's CPU time went since it started, in seconds. */
export interface CpuUsage {
  /** Of all, what was taken away by the machine underneath included. Time in interrupts belongs to nobody and is left out. */
  busy: number;
  /** Of this program and everything it started. */
  own: number;
  /** Of the kernel's own threads: mostly writing down what somebody else asked for. */
  kernel: number;
  /** When, in seconds from any fixed start. */
  at: number;
}

export function readCpuUsage(): CpuUsage {
  const processes = listProcesses();
  return {
    busy: busySeconds(readFileSync("/proc/stat", "utf8")),
    own: secondsOf(familyOf(process.pid, processes)),
    kernel: processes.reduce((sum, { isKernel, seconds }) => sum + (isKernel ? seconds : 0), 0),
    at: performance.now() / 1000,
  };
}

/** From the first line of `/proc/stat`: user, nice, system and steal (proc(5)). */
export function busySeconds(stat: string): number {
  const fields = stat.slice(0, stat.indexOf("\n")).trim().split(/\s+/).map(Number);
  return [1, 2, 3, 8].reduce((sum, place) => sum + (fields[place] ?? 0), 0) / TICKS_PER_SECOND;
}

/** Shorter than this a stretch is only a few ticks long: nothing can be said of it. */
const SHORTEST_SECONDS = 0.05;

/** The share of all cores that others used between two readings, from 0 to 1. */
export function foreignShare(before: CpuUsage, after: CpuUsage, cores: number = availableParallelism()): number {
  const wall = after.at - before.at;
  if (wall < SHORTEST_SECONDS) return 0;
  const foreign = after.busy - before.busy - (after.own - before.own) - (after.kernel - before.kernel);
  return Math.min(1, Math.max(0, foreign) / (wall * cores));
}
