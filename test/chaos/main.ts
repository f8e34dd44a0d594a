import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isFree } from "../../local/workspace/free-port.ts";
import { type Case, casesNamed, casesOf, type Point, SCENARIOS, spread } from "./case.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { Tally } from "./report.ts";
import { abandon, type Place, record, runCase } from "./run-case.ts";

/** Each lane has ports of its own, away from the product's and from what the system hands out. */
const FIRST_PORT = 17_000;
const LANE_PORTS = 200;

/** This file is bundled to `dist/test/chaos/main.js`. */
const DIST = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** `npm run chaos`: kills a workspace at its durable writes. Exit code 1 when anything was lost, doubled or left. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  let writeFigures = () => {};
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupt(signal, () => writeFigures()));
  const lanes = Array.from({ length: options.lanes }, (_, lane) => placesOf(lane));
  console.log(`Finding the durable writes of ${SCENARIOS.length} scenarios …`);
  const points = await recordAll(lanes);
  if (options.list) {
    for (const { scenario, name, tears } of points) console.log(`${scenario}:${name}${tears ? " (can be torn)" : ""}`);
    return 0;
  }
  const cases = options.only === undefined ? spread(casesOf(points, options.seeds)) : casesNamed(options.only, points, options.seeds);
  if (cases.length === 0) throw new Error(`no point is named ${options.only}: names look like ${points[0]?.scenario}:${points[0]?.name}`);
  console.log(`${points.length} points, ${cases.length} cases, ${options.lanes} at a time.`);
  const tally = new Tally(points.length, options.seeds.length);
  writeFigures = () => {
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(tally.report, null, 2)}\n`);
  };
  await runAll(cases, lanes, options, tally);
  const isWell = tally.close();
  writeFigures();
  return isWell ? 0 : 1;
}

/** What was found so far is written all the same: a long run that somebody ends has figures. */
function interrupt(signal: string, writeFigures: () => void): void {
  console.error(`Interrupted by ${signal}; ending what is under way …`);
  writeFigures();
  void abandon().finally(() => process.exit(130));
}

async function recordAll(lanes: readonly (() => Promise<Place>)[]): Promise<Point[]> {
  const waiting = [...SCENARIOS];
  const points: Point[] = [];
  await Promise.all(
    lanes.map(async (place) => {
      for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
        const recorded = await record(scenario, await place());
        if (recorded.findings.length > 0)
          throw new Error(`the ${scenario} scenario fails without any kill: ${recorded.findings.map(({ what }) => what).join("; ")}`);
        points.push(...recorded.points);
      }
    }),
  );
  return unlike(points).sort((a, b) => SCENARIOS.indexOf(a.scenario) - SCENARIOS.indexOf(b.scenario));
}

/** What every scenario does alike (it lays out the step runtime, takes an upload) is killed in the chain alone. */
function unlike(points: readonly Point[]): Point[] {
  const inChain = new Set(points.filter(({ scenario }) => scenario === "chain").map(({ name }) => name));
  const isOfJobs = (name: string) => name.startsWith("stand-ins/") || /\.(db|sqlite)#/.test(name);
  return points.filter(({ scenario, name }) => scenario === "chain" || scenario === "start" || isOfJobs(name) || !inChain.has(name));
}

async function runAll(cases: Case[], lanes: readonly (() => Promise<Place>)[], { minutes }: Options, tally: Tally): Promise<void> {
  const deadline = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const total = cases.length;
  await Promise.all(
    lanes.map(async (place) => {
      while (performance.now() < deadline) {
        const one = cases.shift();
        if (!one) return;
        tally.add(one, await runCase(one, await place()), total);
      }
    }),
  );
}

/** Ports by turns, since the one of an ended case may linger. */
function placesOf(lane: number): () => Promise<Place> {
  let next = process.pid; // not where another run of chaos begins
  return async () => {
    for (;;) {
      const port = FIRST_PORT + lane * LANE_PORTS + (next++ % (LANE_PORTS / 4)) * 4;
      if ((await isFree(port)) && (await isFree(port + 1))) return { dist: DIST, port };
    }
  };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
