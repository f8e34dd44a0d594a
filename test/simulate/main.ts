import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { checkLocks, holdLock } from "./locks.ts";
import { repositoryRoot } from "./repository-root.ts";
import { runMutants } from "./run-mutants.ts";
import { type Figures, simulateApart, simulateHere } from "./seeds.ts";
import { Simulation } from "./simulate.ts";

const USAGE = `npm run simulate -- [--seeds N] [--first S] [--jobs J] [--json FILE]   simulate N seeds (500) from S (1) on
npm run simulate -- --seed S                                         one seed, with everything that happens in it
npm run simulate -- --mutants [--only NAME] [--seeds N]              whether deliberate faults are found, in N seeds (2000) each`;
const FEW_SEEDS = 100;

const OPTIONS = {
  seeds: { type: "string" },
  first: { type: "string" },
  seed: { type: "string" },
  jobs: { type: "string" },
  json: { type: "string" },
  mutants: { type: "boolean" },
  only: { type: "string" },
  help: { type: "boolean" },
  // Between processes of this program.
  part: { type: "boolean" },
  "until-failure": { type: "boolean" },
  "hold-lock": { type: "string" },
} as const;

/** `npm run simulate`: runs under a seed, in virtual time. The exit code is 1 when an invariant was broken, or a mutant was not found. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values["hold-lock"] !== undefined) {
    holdLock(values["hold-lock"]);
    return 0;
  }
  if (values.mutants) return await runMutants({ only: values.only, seeds: count(values.seeds, "seeds") ?? 2000 });
  const seed = count(values.seed, "seed");
  if (seed !== undefined) return await replay(seed);
  const range = {
    first: count(values.first, "first") ?? 1,
    count: count(values.seeds, "seeds") ?? 500,
    untilFailure: values["until-failure"] ?? false,
  };
  if (values.part) {
    process.send?.(await simulateHere(range));
    return 0;
  }
  const jobs = count(values.jobs, "jobs") ?? (range.count < FEW_SEEDS ? 1 : availableParallelism());
  const began = performance.now();
  const figures = jobs > 1 ? await simulateApart(range, jobs) : await simulateHere(range);
  for (const what of await checkLocks([process.execPath, ...process.execArgv, process.argv[1] ?? "", "--hold-lock"]))
    figures.failures.push({ seed: 0, invariant: "lock-of-the-living", what });
  const seconds = (performance.now() - began) / 1000;
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...figures, seconds }, null, 2)}\n`);
  print(figures, seconds);
  return figures.failures.length === 0 ? 0 : 1;
}

async function replay(seed: number): Promise<number> {
  const { trace, violations } = await new Simulation(repositoryRoot()).run(seed);
  console.log(trace.join("\n"));
  for (const { invariant, what } of violations) console.log(pc.red(`seed ${seed} breaks ${invariant}: ${what}`));
  if (violations.length === 0) console.log(`seed ${seed} is clean`);
  return violations.length === 0 ? 0 : 1;
}

function print({ seeds, failures, steps, crashes, jobs, virtualHours }: Figures, seconds: number): void {
  for (const { seed, invariant, what } of failures) console.log(`${pc.red(`seed ${seed}`)} breaks ${invariant}: ${what}`);
  if (failures.length > 0) console.log("replay one with: npm run simulate -- --seed S\n");
  console.log(
    `${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} a second): ${failures.length} failed; ${virtualHours.toFixed(0)} virtual hours, ${jobs} jobs, ${crashes} ends of the host, ${steps} steps of work`,
  );
}

/** @throws {Error} for what is no whole number. */
function count(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${option} takes a whole number, and not ${JSON.stringify(text)}`);
  return Number(text);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.stack : String(error));
    process.exitCode = 2;
  },
);
