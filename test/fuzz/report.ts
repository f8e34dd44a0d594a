import pc from "picocolors";
import type { HostileOutcome } from "./hostile/run.ts";
import type { Options } from "./options.ts";
import type { Pass } from "./schemathesis/run.ts";
import type { Memory } from "./workspace.ts";

const MIB = 1024 * 1024;
/** What the host may hold more, after garbage was collected, than after the first pass: records of runs, and no more. */
const GROWTH_BYTES = 32 * MIB;
/** What its process may take of the machine's memory once it is at rest: Node keeps room that large bodies needed. */
const RSS_BYTES = 512 * MIB;

/** What `--json` writes. */
export interface Report {
  seed: number;
  requests: number;
  hostileRequests: number;
  operations: number;
  statuses: Record<string, number>;
  slowestMs: number;
  slowest: string;
  /** MiB that the host holds after garbage was collected, after the first pass and at the end. */
  memoryMiB: { before: number; after: number; rss: number };
  failures: string[];
}

/** Counts what was answered. */
export class Tally {
  readonly report: Report;
  readonly #began = performance.now();
  readonly #operations = new Set<string>();

  constructor({ seed }: Options) {
    this.report = {
      seed,
      requests: 0,
      hostileRequests: 0,
      operations: 0,
      statuses: {},
      slowestMs: 0,
      slowest: "",
      memoryMiB: { before: 0, after: 0, rss: 0 },
      failures: [],
    };
  }

  /** Requests so far that were made from the document. */
  get byDocument(): number {
    return this.report.requests - this.report.hostileRequests;
  }

  addPass(what: string, { statuses, operations, unanswered, slowest, findings }: Pass): void {
    this.#count(statuses);
    for (const name of Object.keys(operations)) this.#operations.add(name);
    this.report.operations = this.#operations.size;
    this.#slow(slowest);
    if (findings !== undefined) this.find(findings);
    for (const name of new Set(unanswered)) this.find(`${name}: the connection was cut without an answer`);
    this.#say(what);
  }

  addHostile({ statuses, slowest, finding }: HostileOutcome): void {
    this.report.hostileRequests += this.#count(statuses);
    this.#slow(slowest);
    if (finding !== undefined) this.find(finding);
    this.#say("what no document describes");
  }

  memoryBefore({ heap, buffers }: Memory): void {
    this.report.memoryMiB.before = Math.round((heap + buffers) / MIB);
  }

  memoryAfter({ heap, buffers, rss }: Memory): void {
    const { memoryMiB } = this.report;
    memoryMiB.after = Math.round((heap + buffers) / MIB);
    memoryMiB.rss = Math.round(rss / MIB);
    const grown = memoryMiB.after - memoryMiB.before;
    if (grown * MIB > GROWTH_BYTES)
      this.find(`the host holds ${grown} MiB more than after the first pass; ${GROWTH_BYTES / MIB} are the most`);
    if (rss > RSS_BYTES) this.find(`the host's process takes ${memoryMiB.rss} MiB at rest; ${RSS_BYTES / MIB} are the most`);
  }

  find(what: string): void {
    this.report.failures.push(what);
    console.log(pc.red(what));
  }

  /** @returns whether all went well. */
  close(): boolean {
    const { seed, requests, hostileRequests, operations, statuses, slowestMs, slowest, memoryMiB, failures } = this.report;
    const byStatus = Object.entries(statuses)
      .sort()
      .map(([status, count]) => `${status}: ${count}`)
      .join(", ");
    const isWell = failures.length === 0;
    console.log(`answers ${byStatus}; the slowest ${slowestMs} ms (${slowest})`);
    console.log(
      `the host holds ${memoryMiB.after} MiB after garbage was collected, ${memoryMiB.before} after the first pass (RSS ${memoryMiB.rss} MiB)`,
    );
    console.log(
      `${isWell ? pc.green("clean") : pc.red(`${failures.length} findings`)}: ${requests} requests (${hostileRequests} that no document describes) to ${operations} operations in ${this.#seconds()} s, seed ${seed}.`,
    );
    if (!isWell) console.log(`again: npm run fuzz -- --requests ${requests} --seed ${seed}`);
    return isWell;
  }

  #count(statuses: Record<string, number>): number {
    let sum = 0;
    for (const [status, count] of Object.entries(statuses)) {
      this.report.statuses[status] = (this.report.statuses[status] ?? 0) + count;
      sum += count;
    }
    this.report.requests += sum;
    return sum;
  }

  #slow({ ms, what }: { ms: number; what: string }): void {
    if (ms > this.report.slowestMs) Object.assign(this.report, { slowestMs: ms, slowest: what });
  }

  #say(what: string): void {
    console.log(`  ${what}: ${this.report.requests} requests so far, ${this.report.failures.length} findings (${this.#seconds()} s)`);
  }

  #seconds(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(0);
  }
}
