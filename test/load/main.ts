import { writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import pc from "picocolors";
import { Caller } from "./caller.ts";
import { Memory } from "./memory.ts";
import { readOptions, USAGE } from "./options.ts";
import { Probe } from "./probe.ts";
import type { Scenario } from "./scenario.ts";
import { cancelAtOnce, cancelQueued } from "./scenarios/cancels.ts";
import { downloads } from "./scenarios/downloads.ts";
import { followers } from "./scenarios/followers.ts";
import { largeRun } from "./scenarios/large-run.ts";
import { submits } from "./scenarios/submits.ts";
import { Workspace } from "./workspace.ts";

const SCENARIOS: readonly Scenario[] = [submits, followers, downloads, cancelAtOnce, cancelQueued, largeRun];

/** What `--json` writes of each scenario. */
interface Result {
  scenario: string;
  about: string;
  seconds: number;
  hostMiB: number;
  standInsMiB: number;
  /** Milliseconds of the slowest answer to a small question meanwhile, and of that which 99 of 100 were faster than. */
  slowestAnswerMs: number;
  p99AnswerMs: number;
  /** Answers of 429. */
  refused: number;
  figures: string[];
  failures: string[];
}

let running: Workspace | undefined;

/** `npm run load`: exit code 1 when an answer was wrong or a bound was passed. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const scenarios = SCENARIOS.filter(({ name }) => name.startsWith(options.only ?? ""));
  if (scenarios.length === 0)
    throw new Error(`no scenario is named ${options.only}: there are ${SCENARIOS.map(({ name }) => name).join(", ")}`);
  if (options.list) {
    for (const { name, about } of scenarios) console.log(`${name}: ${about(options.small)}`);
    return 0;
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => void (running?.end() ?? Promise.resolve()).finally(() => process.exit(130)));
  console.log(`${availableParallelism()} processors, ${Math.round(totalmem() / 2 ** 30)} GiB of memory.`);
  const results: Result[] = [];
  for (const scenario of scenarios) results.push(await measure(scenario, options.small));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return results.every(({ failures }) => failures.length === 0) ? 0 : 1;
}

async function measure(scenario: Scenario, small: boolean): Promise<Result> {
  const about = scenario.about(small);
  console.log(`${pc.bold(scenario.name)}: ${about}`);
  const figures: string[] = [];
  const failures = new Set<string>();
  const began = performance.now();
  const workspace = await Workspace.start();
  running = workspace;
  const memory = new Memory(workspace.pid);
  const caller = new Caller(workspace);
  const probe = new Probe(caller);
  const check = (holds: boolean, otherwise: string) => void (holds || failures.add(otherwise));
  try {
    const late = timeout(scenario.bounds.seconds);
    await Promise.race([scenario.run({ workspace, caller, small, note: (figure) => void figures.push(figure), check }), late.promise]);
    late.clear();
  } catch (error) {
    failures.add(error instanceof Error ? error.message : String(error));
  }
  const seconds = (performance.now() - began) / 1000;
  const answers = await probe.close().catch((error: Error) => {
    failures.add(`a small question was not answered: ${error.message}`);
    return { slowestMs: 0, p99Ms: 0 };
  });
  const peaks = memory.close();
  await workspace.end();
  running = undefined;
  for (const problem of caller.problems) failures.add(problem);
  const { bounds } = scenario;
  check(peaks.host <= bounds.hostMiB, `the host took ${peaks.host.toFixed(0)} MiB, more than its bound of ${bounds.hostMiB}`);
  check(
    peaks.standIns <= bounds.standInsMiB,
    `the stand-ins took ${peaks.standIns.toFixed(0)} MiB, more than their bound of ${bounds.standInsMiB}`,
  );
  check(
    answers.slowestMs <= bounds.answerMs,
    `a small question took ${answers.slowestMs.toFixed(0)} ms, more than its bound of ${bounds.answerMs}`,
  );
  const result = {
    scenario: scenario.name,
    about,
    seconds: round(seconds),
    hostMiB: Math.round(peaks.host),
    standInsMiB: Math.round(peaks.standIns),
    slowestAnswerMs: Math.round(answers.slowestMs),
    p99AnswerMs: Math.round(answers.p99Ms),
    refused: caller.refused,
    figures,
    failures: [...failures],
  };
  say(result);
  return result;
}

function say({ figures, failures, seconds, hostMiB, standInsMiB, slowestAnswerMs, p99AnswerMs }: Result): void {
  for (const figure of figures) console.log(`  ${figure}`);
  console.log(
    `  ${seconds} s; host ${hostMiB} MiB, stand-ins ${standInsMiB} MiB at the most; a small question took ${slowestAnswerMs} ms at the most, 99 of 100 below ${p99AnswerMs} ms`,
  );
  for (const failure of failures) console.log(pc.red(`  ${failure}`));
  if (failures.length === 0) console.log(pc.green("  clean"));
}

function timeout(seconds: number): { promise: Promise<never>; clear(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it did not end within ${seconds} s`)), seconds * 1000);
  return { promise, clear: () => clearTimeout(timer) };
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
