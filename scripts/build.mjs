// Bundles every program of the repository into dist/. `node scripts/build.mjs` always builds; bootstrap.mjs calls
// buildIfStale, which compares the newest source with the last build and mostly does nothing.
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, "dist", ".built");
const SOURCES = [
  "functions",
  "shared",
  "local",
  "sdk",
  "cli",
  "scripts",
  "bench",
  "test/conformance",
  "test/chaos",
  "test/simulate",
  "test/load",
  "test/fuzz",
  "test/support",
  "package.json",
];

/** Entry points of everything but the app, by the path they get under dist/. */
const PROGRAMS = {
  "local/start": "local/start.ts",
  "local/host/main": "local/host/main.ts",
  "local/clouds/main": "local/clouds/main.ts",
  "local/azurite/main": "local/workspace/azurite/main.ts",
  "cli/main": "cli/main.ts",
  "test/conformance/main": "test/conformance/main.ts",
  "test/chaos/main": "test/chaos/main.ts",
  "test/simulate/main": "test/simulate/main.ts",
  "test/load/main": "test/load/main.ts",
  "test/chaos/preload": "test/chaos/preload/main.ts",
  "bench/main": "bench/main.ts",
  "bench/helper": "bench/helpers/main.ts",
  "bench/profile": "bench/profile/main.ts",
  "bench/watch": "bench/watch/main.ts",
  "test/fuzz/main": "test/fuzz/main.ts",
  "test/fuzz/preload": "test/fuzz/preload.ts",
};

/** Bundles everything, dependencies too: one file loads in a third of the time that a tree of modules takes. */
export async function build() {
  const { build: esbuild } = await import("esbuild");
  const options = {
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    sourcemap: "linked",
    // The Functions host provides the first, here and in Azure; the second is for the checks alone, and not installed for a mere start.
    external: ["@azure/functions-core", "fast-check"],
    // CommonJS dependencies ask for these; an ES module has neither.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    logLevel: "warning",
  };
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  await Promise.all([
    // The app stands alone: what is deployed shares no file with what is not. The clients of services that it may do without are files of
    // their own, which a start that needs none of them does not even parse.
    esbuild({
      ...options,
      entryPoints: [{ in: "functions/main.ts", out: "main" }],
      outdir: "dist/functions",
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
    }),
    esbuild({
      ...options,
      entryPoints: Object.entries(PROGRAMS).map(([out, entry]) => ({ in: entry, out })),
      outdir: "dist",
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
    }),
  ]);
  writeFileSync(STAMP, "");
}

/** Builds when a source is newer than the last build. */
export async function buildIfStale(say = () => {}) {
  const built = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...SOURCES.map((path) => newestIn(join(ROOT, path))));
  if (newest <= built) return;
  say("Building …");
  await build();
  utimesSync(STAMP, new Date(), new Date());
}

function newestIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestIn(join(path, name))), stat.mtimeMs);
}

if (argv[1] === fileURLToPath(import.meta.url)) await build();
