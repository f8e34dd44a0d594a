import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readSnapshot } from "../../sdk/snapshot.ts";
import { uploadSnapshot } from "../../sdk/upload-snapshot.ts";
import { getWorkspace } from "../../shared/api/routes/catalog.ts";
import type { Bench, Family } from "../family.ts";
import { type RowSpec, ratioOf, resultOf } from "../report/row.ts";
import { FILES, fileOf, writeTree } from "../support/tree.ts";
import { BenchWorkspace } from "../support/workspace.ts";

/** Files younger than this are hashed again, by git as well as by the SDK. */
const SETTLED_MS = 1500;

const FIRST: RowSpec = {
  name: "snapshot-first",
  what: `first snapshot of ${FILES} files, 40 MB, read, hashed and stored in the workspace, over \`git init && git add\``,
  unit: "×",
  limit: 0.25,
  better: "lower",
};
const UNCHANGED: RowSpec = {
  name: "snapshot-unchanged",
  what: "the same again, over `git add -A && git write-tree`",
  unit: "×",
  limit: 3,
  better: "lower",
};
const ONE_CHANGED: RowSpec = {
  name: "snapshot-one-changed",
  what: "after one file has changed, over unchanged",
  unit: "×",
  limit: 1.3,
  better: "lower",
};

/** Snapshots by the SDK against a workspace that runs, in a process that has made one before. */
export const snapshotRows: Family = {
  rows: [FIRST, UNCHANGED, ONE_CHANGED],
  async measure(bench) {
    await using workspace = await BenchWorkspace.start({ folder: bench.folder, env: { PENSTOCK_SNAPSHOT_MAX_FILES: String(2 * FILES) } });
    const tree = join(bench.folder, "tree");
    const snapshot = await snapshotBy(workspace, join(bench.folder, "hashes"));
    const fresh = await freshTrees(tree);
    await snapshot(tree);
    await first(bench, tree, fresh, snapshot);
    await fresh();
    await snapshot(tree);
    git(bench, tree, ["init", "-q"], ["add", "-A"]);
    await unchanged(bench, tree, snapshot);
    await oneChanged(bench, tree, snapshot);
  },
};

type Snapshot = (folder: string) => Promise<number>;

async function snapshotBy({ client }: BenchWorkspace, cacheFolder: string): Promise<Snapshot> {
  const { limits } = (await client.call(getWorkspace, {})).body;
  return async (folder) => {
    const began = performance.now();
    await uploadSnapshot(client, readSnapshot(folder, { limits, cacheFolder }));
    return performance.now() - began;
  };
}

/** Writes the tree with contents that nobody has seen before. */
async function freshTrees(tree: string): Promise<() => Promise<void>> {
  let seed = 0;
  const fresh = async () => {
    rmSync(tree, { recursive: true, force: true });
    writeTree(tree, ++seed);
    await delay(SETTLED_MS);
  };
  await fresh();
  return fresh;
}

async function first(bench: Bench, tree: string, fresh: () => Promise<void>, snapshot: Snapshot): Promise<void> {
  if (!bench.wants(FIRST)) return;
  const pairs = await bench.pairs(FIRST, {
    product: async () => {
      await fresh();
      return await snapshot(tree);
    },
    baseline: async () => git(bench, tree, ["init", "-q"], ["add", "-A"]),
  });
  bench.report(resultOf(FIRST, pairs, ratioOf, "baseline: ms of git"));
}

async function unchanged(bench: Bench, tree: string, snapshot: Snapshot): Promise<void> {
  if (!bench.wants(UNCHANGED)) return;
  await snapshot(tree);
  const pairs = await bench.pairs(UNCHANGED, {
    product: () => snapshot(tree),
    baseline: async () => git(bench, tree, ["add", "-A"], ["write-tree"]),
  });
  bench.report(resultOf(UNCHANGED, pairs, ratioOf, "baseline: ms of git"));
}

async function oneChanged(bench: Bench, tree: string, snapshot: Snapshot): Promise<void> {
  if (!bench.wants(ONE_CHANGED)) return;
  const pairs = await bench.pairs(ONE_CHANGED, {
    product: async () => {
      appendFileSync(join(tree, fileOf(FILES / 2)), "changed");
      await delay(SETTLED_MS);
      return await snapshot(tree);
    },
    baseline: () => snapshot(tree),
  });
  bench.report(resultOf(ONE_CHANGED, pairs, ratioOf, "baseline: ms when nothing has changed"));
}

/** Runs git commands one after another. `init` begins anew. @returns milliseconds. */
function git({ folder }: Bench, tree: string, ...commands: string[][]): number {
  const repository = join(folder, "git");
  if (commands[0]?.[0] === "init") rmSync(repository, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const began = performance.now();
  for (const command of commands) {
    const done = spawnSync("git", [`--git-dir=${repository}`, `--work-tree=${tree}`, ...command], { cwd: tree, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`git ${command.join(" ")} failed: ${done.error?.message ?? done.stderr}`);
  }
  return performance.now() - began;
}
