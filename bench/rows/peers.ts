import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Family } from "../family.ts";
import { type RowSpec, resultOf, unmeasured } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import { findPeer } from "../support/peers.ts";
import { stepsOf } from "../support/pipelines.ts";
import { SLOTS } from "../support/workspace.ts";

type Steps = ReturnType<typeof stepsOf>;

/** How a tool is told of the steps and run. */
interface Tool {
  name: string;
  /** File of the steps, by name and text. */
  file(steps: Steps): [name: string, text: string];
  args: readonly string[];
  /** What it keeps between runs. */
  leaves: readonly string[];
}

const SNAKEMAKE: Tool = {
  name: "snakemake",
  file: (steps) => [
    "Snakefile",
    [
      `after = ${JSON.stringify(Object.fromEntries(steps.map(({ key, runAfter = [] }) => [key, runAfter])))}`,
      "rule all:",
      `    input: expand("o/{step}", step=list(after))`,
      "rule step:",
      `    output: "o/{step}"`,
      `    input: lambda wildcards: ["o/" + key for key in after[wildcards.step]]`,
      `    shell: "true > {output}"`,
      "",
    ].join("\n"),
  ],
  args: ["--quiet", "all", "--cores", String(SLOTS)],
  leaves: [".snakemake"],
};

const DOIT: Tool = {
  name: "doit",
  file: (steps) => [
    "dodo.py",
    [
      `AFTER = ${JSON.stringify(Object.fromEntries(steps.map(({ key, runAfter = [] }) => [key, runAfter])))}`,
      "def task_step():",
      "    for key, after in AFTER.items():",
      `        yield {"name": key, "actions": ["true > o/" + key], "targets": ["o/" + key], "file_dep": ["o/" + other for other in after]}`,
      "",
    ].join("\n"),
  ],
  args: ["-v0", "-n", String(SLOTS)],
  leaves: [".doit.db", ".doit.db.db", ".doit.db.dat", ".doit.db.dir", ".doit.db.bak"],
};

const SHAPES = [
  { shape: "chain", steps: 100 },
  { shape: "fan", steps: 202 },
] as const;

const ROWS = SHAPES.flatMap(({ shape, steps }) => [SNAKEMAKE, DOIT].map((tool) => ({ tool, shape, steps, spec: specOf(tool, shape) })));

/** What tools on the command line need for the same steps, their start included. */
export const peerRows: Family = {
  rows: ROWS.map(({ spec }) => spec),
  async measure(bench) {
    const spawner = new Helper("spawner");
    try {
      for (const { tool, shape, steps, spec } of ROWS) if (bench.wants(spec)) await measure(bench, spec, tool, shape, steps, spawner);
    } finally {
      await spawner.end();
    }
  },
};

async function measure(bench: Bench, spec: RowSpec, tool: Tool, shape: "chain" | "fan", steps: number, spawner: Helper): Promise<void> {
  bench.tell(spec, `looking for ${tool.name}`);
  const peer = findPeer(tool.name);
  if ("missing" in peer) return bench.report(unmeasured(spec, peer.missing));
  const folder = join(bench.folder, spec.name);
  mkdirSync(folder);
  const [name, text] = tool.file(stepsOf(shape, steps));
  writeFileSync(join(folder, name), text);
  const pairs = await bench.pairs(spec, {
    product: async () => {
      for (const left of ["o", ...tool.leaves]) rmSync(join(folder, left), { recursive: true, force: true });
      mkdirSync(join(folder, "o"));
      return await timeTool(peer.program, tool.args, folder);
    },
    baseline: () => spawner.ask<number>({ shape, steps, slots: SLOTS }),
  });
  bench.report(resultOf(spec, pairs, ({ product, baseline = 0 }) => (product - baseline) / steps, `${tool.name} ${peer.version}`));
}

async function timeTool(program: string, args: readonly string[], cwd: string): Promise<number> {
  const began = performance.now();
  const child = spawn(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-500);
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return performance.now() - began;
}

function specOf({ name }: Tool, shape: "chain" | "fan"): RowSpec {
  const of = shape === "chain" ? "chain of 100" : "fan-out of 200";
  return { name: `${shape}-${name}`, what: `the same of ${name}: overhead of a step, ${of}`, unit: "ms/step", better: "lower" };
}
