import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { WATCHED_ROLES, type WatchedStretch } from "../watch/orders.ts";
import { watching } from "../watch/watching.ts";
import { hasStrace, readSyncs, syncTracer } from "./strace.ts";
import { waitUntil } from "./wait-until.ts";
import { BenchWorkspace } from "./workspace.ts";

/** What is synced after the last answer is synced within this time: the engine's 50 ms and the stand-in's. */
const LATE_MS = 200;

/** Waits for the disk by file. */
export type SyncCounts = Readonly<Record<string, number>>;

export interface Counted {
  host: SyncCounts;
  standIns: SyncCounts;
}

export function total(counts: SyncCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** A workspace whose waits for the disk are counted. */
export interface SyncCounter extends AsyncDisposable {
  readonly workspace: BenchWorkspace;
  /** A few words for the report. */
  readonly how: string;
  /** Waits for the disk while something runs, and shortly after. */
  during(run: () => Promise<unknown>): Promise<Counted>;
}

/** By strace, which sees every one; where that is not to be had, by what the programs ask for, which leaves out SQLite's checkpoints. */
export async function openSyncCounter(folder: string): Promise<SyncCounter> {
  return hasStrace() ? await openTraced(folder) : await openWatched(folder);
}

async function openTraced(folder: string): Promise<SyncCounter> {
  const file = join(folder, "syncs.strace");
  const workspace = await BenchWorkspace.start({ folder, through: syncTracer(file) });
  const read = async () => {
    await delay(LATE_MS);
    return [workspace.hostPid, workspace.standInsPid].map((pid) => readSyncs(file, pid));
  };
  return {
    workspace,
    how: "counted by strace",
    async during(run) {
      const [hostBefore, standInsBefore] = await read();
      await run();
      const [host, standIns] = await read();
      return { host: since(hostBefore, host), standIns: since(standInsBefore, standIns) };
    },
    [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
  };
}

function since(before: ReadonlyMap<string, number> = new Map(), now: ReadonlyMap<string, number> = new Map()): SyncCounts {
  const grown = [...now].map(([file, count]) => [file, count - (before.get(file) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

async function openWatched(folder: string): Promise<SyncCounter> {
  const watch = join(folder, "syncs.watch");
  const workspace = await BenchWorkspace.start({ folder, env: watching(watch) });
  const toggle = async (leaves: string) => {
    for (const pid of [workspace.hostPid, workspace.standInsPid]) process.kill(pid, "SIGUSR2");
    for (const role of WATCHED_ROLES) await waitUntil(() => existsSync(join(watch, `${role}.${leaves}`)) || undefined, `${role}.${leaves}`);
  };
  const stretch = (role: string): SyncCounts => (JSON.parse(readFileSync(join(watch, `${role}.json`), "utf8")) as WatchedStretch).syncs;
  return {
    workspace,
    how: "counted by what the programs ask for, checkpoints left out",
    async during(run) {
      for (const role of WATCHED_ROLES) for (const end of ["began", "json"]) rmSync(join(watch, `${role}.${end}`), { force: true });
      await toggle("began");
      await run();
      await delay(LATE_MS);
      await toggle("json");
      return { host: stretch("host"), standIns: stretch("stand-ins") };
    },
    [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
  };
}
