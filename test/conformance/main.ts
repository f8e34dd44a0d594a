import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { repositoryRoot } from "./app-host.ts";
import type { Difference } from "./compare.ts";
import { runConformance } from "./conformance.ts";
import { isKnown } from "./known-differences.ts";

const USAGE = "npm run conformance -- [--scenarios DIR] [--app DIR] [--json FILE] [--verbose]";
/** Longest piece of a value that the summary shows, in characters. */
const SHOWN = 600;

/** `npm run conformance`: replays recordings of the real Durable extension and says where this host differs. */
async function main(): Promise<number> {
  const fixtures = join(repositoryRoot(), "test", "fixtures", "durable");
  const { values } = parseArgs({
    options: {
      scenarios: { type: "string" },
      app: { type: "string" },
      json: { type: "string" },
      verbose: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const folders = {
    scenarios: resolve(values.scenarios ?? join(fixtures, "scenarios")),
    app: resolve(values.app ?? join(fixtures, "app")),
  };
  const began = performance.now();
  const log = values.verbose ? (level: string, message: string) => console.error(`  ${level}: ${message}`) : () => {};
  const report = await runConformance(folders, log, (scenario, found) => printScenario(scenario, found));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`\n${report.agreed} of ${report.scenarios} scenarios agree with the recordings (${seconds} s).`);
  const fresh = report.differences.filter((difference) => !isKnown(difference));
  if (fresh.length === 0) return 0;
  console.log(pc.red(`${fresh.length} differences are not listed as known in docs/embedded-host.md.`));
  return 1;
}

function printScenario(scenario: string, found: readonly Difference[]): void {
  console.log(`${found.length === 0 ? pc.green("agrees ") : pc.red("differs")} ${scenario}`);
  for (const difference of found) {
    console.log(`  ${isKnown(difference) ? "known: " : ""}${difference.where}`);
    console.log(`    recorded: ${short(difference.recorded)}`);
    console.log(`    ours:     ${short(difference.ours)}`);
  }
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`);
    process.exitCode = 2;
  },
);
