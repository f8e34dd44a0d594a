import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** A process beyond doubt: process ids are used again, but not with the same start time. */
export interface ProcessIdentity {
  id: number;
  /** As the kernel tells it: clock ticks since boot on Linux, a date on macOS. */
  startTime: string;
}

export interface ProcessInfo extends ProcessIdentity {
  parent: number;
  group: number;
}

/** What the operating system can be asked about processes. Ended ones that nobody has waited for are not listed. */
export interface ProcessTable {
  /** Undefined when no such process lives. */
  find(id: number): Promise<ProcessInfo | undefined>;
  list(): Promise<ProcessInfo[]>;
  /** Of these processes, the ids of those with `text` in their environment or their arguments. */
  carrying(text: string, processes: readonly ProcessInfo[]): Promise<Set<number>>;
}

/** Reads /proc. */
const linux: ProcessTable = {
  find: async (id) => readStat(id),
  list: async () => readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : [])),
  carrying: async (text, processes) => new Set(processes.filter(({ id }) => holds(id, text)).map(({ id }) => id)),
};

/** Asks `ps`, since macOS has no /proc. It does not show the environment of the system's own programs, but their arguments. */
const macos: ProcessTable = {
  find: async (id) => (await ps(["-p", String(id)]))[0],
  list: () => ps(["-A"]),
  carrying: async (text) => {
    const lines = (await output(["-A", "-E", "-ww", "-o", "pid=,command="])).split("\n");
    return new Set(lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10)));
  },
};

export const processTable: ProcessTable = process.platform === "linux" ? linux : macos;

/** Sends a signal; a process or group that is gone is no error. */
export function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // macOS answers EPERM for a group of which only ended processes are left.
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

/** proc_pid_stat(5): the name in brackets may hold anything, so fields are counted from the last bracket. */
function readStat(id: number): ProcessInfo | undefined {
  const stat = read(`/proc/${id}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group] = fields;
  const startTime = fields[19];
  if (startTime === undefined || state === "Z" || state === "X") return undefined;
  return { id, startTime, parent: Number(parent), group: Number(group) };
}

function holds(id: number, text: string): boolean {
  return read(`/proc/${id}/environ`).includes(text) || read(`/proc/${id}/cmdline`).includes(text);
}

/** Empty when the process ended meanwhile or belongs to somebody else. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

async function ps(selection: string[]): Promise<ProcessInfo[]> {
  const lines = (await output([...selection, "-o", "pid=,ppid=,pgid=,stat=,lstart="])).split("\n");
  return lines.flatMap((line) => {
    const [, id, parent, group, state, startTime] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (startTime === undefined || state?.startsWith("Z")) return [];
    return [{ id: Number(id), parent: Number(parent), group: Number(group), startTime }];
  });
}

async function output(args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)("ps", args, { encoding: "latin1", maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    // ps ends with 1 when it finds none.
    return (error as { stdout?: string }).stdout ?? "";
  }
}
