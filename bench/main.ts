import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { type Terminal, terminalOf } from "../cli/terminal.ts";
import type { Bench } from "./family.ts";
import { Gate } from "./gate/gate.ts";
import { measurePairs, type Plan } from "./gate/measure-pairs.ts";
import { chosenNames, type Options, readOptions, USAGE } from "./options.ts";
import { exitCodeOf, type RowSpec } from "./report/row.ts";
import { printRows, rowLine } from "./report/table.ts";
import { FAMILIES } from "./rows/all.ts";
import { runFamilies } from "./run-families.ts";
import { syncMilliseconds } from "./support/sync-milliseconds.ts";
import { makeWorkFolder } from "./support/work-folder.ts";

const THOROUGH: Plan = { pairs: 5, tries: 15, patienceMs: 30_000 };
const QUICK: Plan = { pairs: 2, tries: 2, patienceMs: 1200 };

/** `npm run bench`: measures, prints, and exits with 1 when a limit is exceeded. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const specs = FAMILIES.flatMap(({ rows }) => rows);
  const names = chosenNames(
    options.only,
    specs.map(({ name }) => name),
  );
  if (options.list) {
    for (const { name, what } of specs) console.log(`${name}\t${what}`);
    return 0;
  }
  return await measure(options, names, makeWorkFolder("penstock-bench-"));
}

async function measure(options: Options, names: ReadonlySet<string>, folder: string): Promise<number> {
  const out = terminalOf(process.stdout, process.env);
  const progress = terminalOf(process.stderr, process.env);
  progress.line(progress.colors.dim(describeMachine(folder)));
  const results = await runFamilies(FAMILIES, benchOf(options, names, folder, progress));
  if (results.length > 1) out.line();
  printRows(out, results);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return exitCodeOf(results);
}

function benchOf(options: Options, names: ReadonlySet<string>, folder: string, progress: Terminal): Bench {
  const plan = options.quick ? QUICK : THOROUGH;
  const gate = new Gate();
  const tell = (row: RowSpec, text: string) => progress.line(progress.colors.dim(`… ${row.name}: ${text}`));
  return {
    plan,
    gate,
    quick: options.quick,
    folder,
    wants: ({ name }) => names.has(name),
    tell,
    pairs: (row, sides) => measurePairs(sides, plan, gate, (text) => tell(row, text)),
    report: (result) => progress.line(rowLine(result, progress.colors)),
  };
}

/** Durable figures mean nothing without the disk they were measured on. */
function describeMachine(folder: string): string {
  const sync = syncMilliseconds(folder);
  const warning = sync < 0.02 ? " That is no real disk: set TMPDIR to a folder on one." : "";
  return `${availableParallelism()} × ${cpus()[0]?.model ?? "?"}, Node ${process.versions.node}, a sync in ${folder} takes ${sync.toFixed(2)} ms.${warning}`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
