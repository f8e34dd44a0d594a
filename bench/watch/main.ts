import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { syncBuiltinESMExports } from "node:module";
import { join, sep } from "node:path";
import { countFileSyncs, countSqliteSyncs } from "./count-syncs.ts";
import { WATCH_VARIABLE, type WatchedRole, type WatchedStretch } from "./orders.ts";

/**
 * Comes before the programs of a workspace by `node --import`. SIGUSR2 begins a stretch and the next one ends it: in between the processor is
 * sampled and syncs are counted. In other processes that inherit the option it does nothing.
 */
const PROGRAMS: Readonly<Record<string, WatchedRole>> = { "local/start.js": "host", "local/clouds/main.js": "stand-ins" };
const SAMPLE_MICROSECONDS = 250;

const folder = process.env[WATCH_VARIABLE];
const program = (process.argv[1] ?? "").split(sep).join("/");
const role = Object.entries(PROGRAMS).find(([entry]) => program.endsWith(`/dist/${entry}`))?.[1];
if (folder !== undefined && role !== undefined) await watch(folder, role);

async function watch(into: string, as: WatchedRole): Promise<void> {
  mkdirSync(into, { recursive: true });
  const counts = new Map<string, number>();
  const count = (file: string) => counts.set(file, (counts.get(file) ?? 0) + 1);
  await countFileSyncs(count);
  countSqliteSyncs(count);
  syncBuiltinESMExports();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
  let began: number | undefined;
  const begin = async () => {
    counts.clear();
    await session.post("Profiler.start");
    began = performance.now();
    write(join(into, `${as}.began`), "");
  };
  const end = async (since: number) => {
    began = undefined;
    const stretch: WatchedStretch = { syncs: Object.fromEntries(counts), milliseconds: performance.now() - since };
    const { profile } = await session.post("Profiler.stop");
    write(join(into, `${as}.cpuprofile`), JSON.stringify(profile));
    write(join(into, `${as}.json`), JSON.stringify(stretch));
  };
  process.on("SIGUSR2", () => void (began === undefined ? begin() : end(began)));
  write(join(into, `${as}.ready`), "");
}

/** Whoever waits for a file must not read half of it. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
