import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { MUTANTS } from "./mutants/all.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { repositoryRoot } from "./repository-root.ts";
import type { Figures } from "./seeds.ts";

/** What a copy of the code consists of. */
const COPIED = ["functions", "shared", "local/host", "test/simulate", "test/support", "package.json"];
/** The code as it is, which must be clean: else a mutant would be found for what is not its fault. */
const UNCHANGED: Mutant = { name: "unchanged", fault: "none", edits: [] };

/**
 * Puts deliberate faults into copies of the code, one by one, and looks whether the simulation finds each.
 * @returns the exit code: 0 when all were found.
 */
export async function runMutants({ only, seeds }: { only: string | undefined; seeds: number }): Promise<number> {
  const wanted = MUTANTS.filter(({ name }) => only === undefined || name === only);
  if (wanted.length === 0) throw new Error(`there is no mutant ${only}; known: ${MUTANTS.map(({ name }) => name).join(", ")}`);
  let [found, farthest] = [0, 0];
  for (const mutant of wanted) {
    const { failures, seeds: tried } = await simulateMutant(mutant, seeds);
    const [first] = failures;
    if (first) found++;
    farthest = Math.max(farthest, first?.seed ?? tried);
    console.log(`${first ? pc.green("found    ") : pc.red("not found")} ${mutant.name}: ${mutant.fault}`);
    console.log(
      first
        ? `          ${first.seed > 0 ? `seed ${first.seed} ` : ""}breaks ${first.invariant}: ${first.what.split("\n", 1)[0]}`
        : `          in ${tried} seeds`,
    );
  }
  const control = await simulateMutant(UNCHANGED, Math.max(farthest, 1));
  if (control.failures.length > 0)
    console.log(pc.red(`the code without a fault breaks ${control.failures[0]?.invariant} with seed ${control.failures[0]?.seed}`));
  console.log(
    `${found} of ${wanted.length} deliberate faults found; without one, ${control.seeds} seeds: ${control.failures.length} failed`,
  );
  return found === wanted.length && control.failures.length === 0 ? 0 : 1;
}

async function simulateMutant(mutant: Mutant, seeds: number): Promise<Figures> {
  const copy = mkdtempSync(join(tmpdir(), `penstock-${mutant.name}-`));
  try {
    const root = repositoryRoot();
    for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    for (const edit of mutant.edits) apply(copy, mutant.name, edit);
    return await simulateCopy(copy, await build(copy, root), seeds);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @throws {Error} when the text to replace is not there exactly once: the code has moved on, and the mutant must follow. */
function apply(copy: string, name: string, { file, find, replace }: Mutant["edits"][number]): void {
  const path = join(copy, file);
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2)
    throw new Error(`mutant ${name} looks for this in ${file} and finds it ${parts.length - 1} times; say it anew:\n${find}`);
  writeFileSync(path, parts.join(replace));
}

async function build(copy: string, root: string): Promise<string> {
  const { build: esbuild } = createRequire(join(root, "package.json"))("esbuild") as typeof import("esbuild");
  const program = join(copy, "dist", "test", "simulate", "main.js");
  await esbuild({
    absWorkingDir: copy,
    entryPoints: ["test/simulate/main.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    external: ["@azure/functions-core"],
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  return program;
}

async function simulateCopy(copy: string, program: string, seeds: number): Promise<Figures> {
  const report = join(copy, "figures.json");
  const args = [...process.execArgv, program, "--seeds", String(seeds), "--jobs", "1", "--until-failure", "--json", report];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0 && code !== 1) throw new Error(`the simulation of a copy ended with ${code}`);
  return JSON.parse(readFileSync(report, "utf8")) as Figures;
}
