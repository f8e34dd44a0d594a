import { join } from "node:path";
import { activities, orchestrators } from "../../functions/registry.ts";
import type { Worker } from "../../local/host/contract.ts";
import { loadWorker } from "../../local/host/worker/load-worker.ts";
import { Chance } from "./chance.ts";
import { startClients } from "./clients.ts";
import { PROBE_ACTIVITY } from "./host.ts";
import { checkEnd } from "./invariants/at-the-end.ts";
import { watch } from "./invariants/watch.ts";
import { probeOrchestrators } from "./probe-orchestrators.ts";
import { longestPath } from "./random-graph.ts";
import { randomScenario, type Scenario } from "./scenario.ts";
import { type Violation, World } from "./world.ts";

const MINUTE_MS = 60_000;
/** After how many pieces of work it is asked whether all is over. */
const LOOK_EVERY = 8;

/** How one seed went. Times are milliseconds of virtual time. */
export interface Result {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** What happened, line by line; the same for the same seed. */
  readonly trace: readonly string[];
  readonly scenario: Scenario;
  readonly steps: number;
  readonly crashes: number;
  readonly jobs: number;
  readonly virtualMs: number;
}

/** Simulates seeds in this process, one after another. */
export class Simulation {
  #loaded: Promise<Worker> | undefined;

  /** @param root the repository, whose app of the simulation is loaded. */
  constructor(private readonly root: string) {}

  async run(seed: number): Promise<Result> {
    this.#loaded ??= this.#load();
    const worker = await this.#loaded;
    const restore = stopRealTimeouts();
    try {
      return await simulate(seed, worker);
    } finally {
      restore();
    }
  }

  /** The real orchestrators and those of the probes, under the genuine library; what activities do is each host's to say. */
  async #load(): Promise<Worker> {
    const known = Object.fromEntries([...Object.keys(activities), PROBE_ACTIVITY].map((name) => [name, () => undefined]));
    Object.assign(globalThis, { penstockSimulatedApp: { orchestrators: { ...orchestrators, ...probeOrchestrators }, activities: known } });
    return await loadWorker({ appRoot: join(this.root, "test", "simulate", "app"), log: () => {} });
  }
}

async function simulate(seed: number, worker: Worker): Promise<Result> {
  const chance = new Chance(seed);
  const scenario = randomScenario(seed, chance);
  const world = new World(scenario, chance, worker);
  world.trace(`seed ${seed}: ${JSON.stringify(scenario)}`);
  seedCatalog(world);
  watch(world);
  startClients(world);
  world.boot();
  const isOver = () => world.violations.length > 0 || (world.scheduler.steps % LOOK_EVERY === 0 && world.isOver());
  if (!(await world.scheduler.run(isOver, deadline(scenario)))) world.violated("ends-in-time", world.unfinished().join("; "));
  const virtualMs = world.scheduler.now;
  if (world.violations.length === 0) checkEnd(world);
  if (world.violations.length === 0) await checkSilence(world);
  return {
    seed,
    scenario,
    violations: world.violations,
    trace: world.lines,
    steps: world.scheduler.steps,
    crashes: world.crashes,
    jobs: world.remote.ledger.size,
    virtualMs,
  };
}

/** When everything must be over, at the latest. */
function deadline({ faultsEndMs, jumps, runs, probes }: Scenario): number {
  const runMs = runs.map(
    ({ edges, jobs, resubmitAfterMs }) =>
      longestPath(edges, (step) => (jobs[step]?.afterMs ?? 0) + 15 * MINUTE_MS) + Math.max(0, ...resubmitAfterMs),
  );
  const back = jumps.reduce((sum, { byMs }) => sum + Math.abs(byMs), 0);
  return faultsEndMs + back + 60 * MINUTE_MS + Math.max(...runMs) + probes.length * 30 * MINUTE_MS;
}

/** What is over stays as it is, even when the host starts anew. */
async function checkSilence(world: World): Promise<void> {
  world.trace("everything is over; the host starts anew, and nothing should move");
  world.documents.journal.sync();
  const [jobs, commits] = [world.remote.ledger.size, world.documents.journal.committed];
  world.restart();
  await world.scheduler.run(() => false, world.scheduler.now + 2 * MINUTE_MS + 1000);
  if (world.remote.ledger.size !== jobs || world.documents.journal.committed !== commits || !world.isOver())
    world.violated("ended-stays-ended", "after the end of everything a new host began something");
}

function seedCatalog({ documents }: World): void {
  documents.create("catalog:computes", "cpu-cluster", { name: "cpu-cluster", kind: "AmlCompute", target: "cpu-cluster" });
  for (const name of ["workspaceblobstore", "workspaceartifactstore"])
    documents.create("catalog:datastores", name, { name, kind: "AzureBlob", container: name });
  documents.journal.sync();
}

/** Bounds of calls are the connections' to keep here: the machine's own clock must not end any. */
function stopRealTimeouts(): () => void {
  const { timeout } = AbortSignal;
  const never = new AbortController().signal;
  AbortSignal.timeout = () => never;
  return () => {
    AbortSignal.timeout = timeout;
  };
}
