import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { terminalOf } from "../../cli/terminal.ts";
import { makeWorkFolder } from "../support/work-folder.ts";
import { WATCHED_ROLES } from "../watch/orders.ts";
import { attribute } from "./attribute.ts";
import { stacksOf } from "./cpu-profile.ts";
import { createLocator } from "./locate.ts";
import { printHottest, printStages } from "./print-stages.ts";
import { record } from "./record.ts";
import { SCENARIOS } from "./scenarios.ts";
import { speedscope } from "./speedscope.ts";

const USAGE = `npm run profile -- NAME [--out FOLDER] [--top N]

Shows where one step's time goes. NAME is one of: ${Object.keys(SCENARIOS).join(", ")}
  --out FOLDER  where the flame graph goes (default: profile)
  --top N       so many functions that took most time themselves (default 15)`;

/** `npm run profile`: a table of stages, the functions that took most, and files to look into. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string", default: "profile" }, top: { type: "string", default: "15" }, help: { type: "boolean" } },
  });
  const [name = "", ...rest] = positionals;
  const scenario = SCENARIOS[name];
  if (values.help || !scenario || rest.length > 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const out = resolve(process.env["INIT_CWD"] ?? process.cwd(), values.out);
  mkdirSync(out, { recursive: true });
  const recorded = await record(scenario, makeWorkFolder("penstock-profile-"));
  const locate = createLocator();
  const processes = WATCHED_ROLES.map((role) => ({
    role,
    stacks: stacksOf(JSON.parse(readFileSync(join(recorded.folder, `${role}.cpuprofile`), "utf8")), locate),
    syncs: recorded.stretches[role].syncs,
  }));
  const terminal = terminalOf(process.stdout, process.env);
  printStages(terminal, {
    ...recorded,
    unit: scenario.unit,
    times: processes.flatMap(({ role, stacks }) => attribute(role, stacks, recorded.units)),
    syncs: processes,
  });
  const top = Number(values.top);
  for (const { role, stacks } of processes) printHottest(terminal, role, stacks, recorded.units, top);
  for (const role of WATCHED_ROLES)
    writeFileSync(join(out, `${name}.${role}.cpuprofile`), readFileSync(join(recorded.folder, `${role}.cpuprofile`)));
  const graph = join(out, `${name}.speedscope.json`);
  writeFileSync(
    graph,
    JSON.stringify(
      speedscope(
        `penstock ${name}`,
        processes.map(({ role, stacks }) => ({ name: role, stacks })),
      ),
    ),
  );
  terminal.line(`\nFlame graph: ${graph} (open it with https://www.speedscope.app); raw: ${join(out, `${name}.*.cpuprofile`)}`);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.stack : error);
    process.exit(2);
  },
);
