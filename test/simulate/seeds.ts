import { fork } from "node:child_process";
import { once } from "node:events";
import { repositoryRoot } from "./repository-root.ts";
import { type Result, Simulation } from "./simulate.ts";

/** A seed that broke an invariant, and how. */
export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
}

/** What many seeds came to. */
export interface Figures {
  seeds: number;
  failures: Failure[];
  /** Pieces of work. */
  steps: number;
  crashes: number;
  jobs: number;
  virtualHours: number;
}

export interface Range {
  readonly first: number;
  readonly count: number;
  /** Ends at the first failure. */
  readonly untilFailure: boolean;
}

/** Every so many-th seed is simulated twice, and must go the same way. */
const TWICE_EVERY = 20;

/** Simulates a range of seeds in this process. */
export async function simulateHere({ first, count, untilFailure }: Range): Promise<Figures> {
  const simulation = new Simulation(repositoryRoot());
  const figures = none();
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulation.run(seed);
    const failures = result.violations.map(({ invariant, what }) => ({ seed, invariant, what }));
    if (seed % TWICE_EVERY === 0) failures.push(...compare(result, await simulation.run(seed)));
    add(figures, {
      seeds: 1,
      failures: failures.slice(0, 1),
      steps: result.steps,
      crashes: result.crashes,
      jobs: result.jobs,
      virtualHours: result.virtualMs / 3_600_000,
    });
    if (untilFailure && failures.length > 0) break;
  }
  return figures;
}

/** Simulates a range of seeds in so many processes of this program, each its part. */
export async function simulateApart(range: Range, processes: number): Promise<Figures> {
  const size = Math.ceil(range.count / processes);
  const parts = Array.from({ length: processes }, (_, n) => ({
    ...range,
    first: range.first + n * size,
    count: Math.min(size, range.count - n * size),
  }));
  const figures = none();
  for (const part of await Promise.all(parts.filter(({ count }) => count > 0).map(inProcess))) add(figures, part);
  figures.failures.sort((a, b) => a.seed - b.seed);
  return figures;
}

async function inProcess({ first, count, untilFailure }: Range): Promise<Figures> {
  const program = process.argv[1];
  if (program === undefined) throw new Error("this program does not know its own file");
  const args = ["--first", String(first), "--seeds", String(count), "--part", ...(untilFailure ? ["--until-failure"] : [])];
  const child = fork(program, args, { execArgv: process.execArgv });
  const answer: { figures?: Figures } = {};
  child.on("message", (figures: Figures) => {
    answer.figures = figures;
  });
  const [code] = await once(child, "exit");
  if (!answer.figures) throw new Error(`the process for seeds from ${first} on ended with ${code} and no result`);
  return answer.figures;
}

function none(): Figures {
  return { seeds: 0, failures: [], steps: 0, crashes: 0, jobs: 0, virtualHours: 0 };
}

function add(to: Figures, more: Figures): void {
  to.seeds += more.seeds;
  to.failures.push(...more.failures);
  to.steps += more.steps;
  to.crashes += more.crashes;
  to.jobs += more.jobs;
  to.virtualHours += more.virtualHours;
}

function compare(one: Result, other: Result): Failure[] {
  if (one.trace.length === other.trace.length && one.trace.every((line, at) => line === other.trace[at])) return [];
  const at = one.trace.findIndex((line, index) => line !== other.trace[index]);
  const what = `line ${at} is once "${one.trace[at]}" and once "${other.trace[at]}"`;
  return [{ seed: one.seed, invariant: "same-seed-same-trace", what }];
}
