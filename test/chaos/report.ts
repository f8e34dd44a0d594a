import pc from "picocolors";
import type { Case } from "./case.ts";
import { caseName } from "./case.ts";
import type { Finding } from "./finding.ts";
import type { CaseResult } from "./run-case.ts";

/** Longer than this a case is named: something waited for a watchdog. */
const SLOW_SECONDS = 25;

/** What `--json` writes. */
export interface Report {
  points: number;
  seeds: number;
  kills: number;
  lostRecords: number;
  doubledRecords: number;
  doubledJobs: number;
  leftoverProcesses: number;
  failures: { seed: number; point: string; what: string }[];
}

/** Counts what the cases came to, and says so while they run. */
export class Tally {
  readonly report: Report;
  readonly #began = performance.now();
  readonly #slow: string[] = [];
  readonly #met = new Set<string>();
  #done = 0;
  #saidAt = 0;

  constructor(points: number, seeds: number) {
    this.report = { points, seeds, kills: 0, lostRecords: 0, doubledRecords: 0, doubledJobs: 0, leftoverProcesses: 0, failures: [] };
  }

  add(one: Case, { fired, findings, seconds }: CaseResult, outOf: number): void {
    this.#done++;
    if (fired) this.report.kills++;
    if (fired) this.#met.add(`${one.scenario}:${one.point}`);
    if (seconds > SLOW_SECONDS) this.#slow.push(`${caseName(one)} took ${seconds.toFixed(0)} s`);
    for (const finding of findings) this.#note(one, finding);
    if (performance.now() - this.#saidAt < 15_000 && this.#done < outOf) return;
    this.#saidAt = performance.now();
    console.log(
      `  ${this.#done} of ${outOf} cases, ${this.report.kills} kills, ${this.report.failures.length} failures (${this.#seconds()} s)`,
    );
  }

  /** @returns whether all went well. */
  close(): boolean {
    const { points, kills, lostRecords, doubledRecords, doubledJobs, leftoverProcesses, failures } = this.report;
    for (const slow of this.#slow) console.log(pc.yellow(`  slow: ${slow}`));
    const figures = `${kills} kills at ${this.#met.size} of ${points} points in ${this.#seconds()} s`;
    const sums = `${lostRecords} records lost, ${doubledRecords} doubled, ${doubledJobs} jobs run twice, ${leftoverProcesses} processes left over`;
    const isWell = failures.length === 0;
    console.log(`${isWell ? pc.green("clean") : pc.red(`${failures.length} failures`)}: ${figures}; ${sums}.`);
    return isWell;
  }

  #note(one: Case, { kind, what }: Finding): void {
    this.report.failures.push({ seed: one.seed, point: caseName(one), what });
    if (kind === "lost record") this.report.lostRecords++;
    if (kind === "doubled record") this.report.doubledRecords++;
    if (kind === "doubled job") this.report.doubledJobs++;
    if (kind === "leftover process") this.report.leftoverProcesses++;
    console.log(pc.red(`  ${kind}: ${what}`));
    console.log(`    npm run chaos -- --seed ${one.seed} --only '${caseName(one)}'`);
  }

  #seconds(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(0);
  }
}
