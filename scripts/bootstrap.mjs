// What `prestart` and `pretest` run: makes a fresh clone ready, and costs a few milliseconds when it already is. `--dev` installs what
// tests and checks need as well; without it a first start is quicker.
// It must run on the oldest Node that anybody may have, so: no dependencies, nothing newer than Node 20.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FLOOR = [22, 15];
const NODE_PACKAGE = "node@24.21.0";
const STAMP = join(ROOT, "node_modules", ".penstock-installed");
/** Not below node_modules, which `npm ci` empties. */
const OWN_NODE = join(ROOT, ".node");
/** npm scripts have this folder first on their PATH: a `node` in it is the one that runs them. */
const BIN = join(ROOT, "node_modules", ".bin");

if (process.platform === "win32") {
  fail("Penstock runs on Linux and macOS. On Windows, use it inside WSL: https://learn.microsoft.com/windows/wsl/install");
}
const ownNode = join(OWN_NODE, "node_modules", ".bin", "node");
// Once installed it is what runs this file too: that the Node is new then says nothing of the machine's.
const nodeIsOld = isOlder(process.versions.node, FLOOR) || existsSync(ownNode);
const lock = readFileSync(join(ROOT, "package-lock.json"));
const wanted = createHash("sha256").update(lock).digest("hex");
const withDev = process.argv.includes("--dev");
const installed = existsSync(STAMP) ? readFileSync(STAMP, "utf8").trim() : "";
if (installed !== `${wanted} all` && (withDev || installed !== `${wanted} start`)) {
  say(`Installing ${withDev ? "all dependencies" : "dependencies"} (once; about half a minute) …`);
  // A team's own npm settings must not stop a first start: the packages that need a script are pinned by the lock file.
  npm(
    [
      "ci",
      ...(withDev ? ["--include=dev"] : ["--omit=dev"]),
      "--no-audit",
      "--no-fund",
      "--engine-strict=false",
      "--ignore-scripts=false",
      "--loglevel=error",
    ],
    ROOT,
  );
  writeFileSync(STAMP, `${wanted} ${withDev ? "all" : "start"}\n`);
}
if (nodeIsOld && !existsSync(ownNode)) {
  say(`This machine has Node ${process.versions.node}; installing Node 24 for this folder only …`);
  mkdirSync(OWN_NODE, { recursive: true });
  writeFileSync(join(OWN_NODE, "package.json"), '{"private":true}\n');
  npm(
    [
      "install",
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--engine-strict=false",
      "--ignore-scripts=false",
      "--loglevel=error",
      NODE_PACKAGE,
    ],
    OWN_NODE,
  );
}
if (nodeIsOld && !existsSync(join(BIN, "node"))) {
  rmSync(join(BIN, "node"), { force: true }); // a dangling link does not exist, yet stands in the way
  symlinkSync(ownNode, join(BIN, "node"));
}
const { buildIfStale } = await import(pathToFileURL(join(ROOT, "scripts", "build.mjs")).href);
await buildIfStale(say);

/** npm itself is found by the path that npm hands to its scripts; by name when this file is run by hand. */
function npm(args, cwd) {
  const cli = process.env.npm_execpath;
  const [command, rest] = cli?.endsWith(".js") ? [process.execPath, [cli, ...args]] : ["npm", args];
  // npm hands its own settings on as npm_config_*: a prefix or a filter of the outer call must not reach the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([k]) => !/^npm_(config_(prefix|global|omit|include|only|production|engine_strict|ignore_scripts)|package_|lifecycle_)/i.test(k),
    ),
  );
  const done = spawnSync(command, rest, { cwd, stdio: ["ignore", "ignore", "inherit"], env: { ...env, NODE_ENV: "" } });
  if (done.status !== 0) fail(`"npm ${args.join(" ")}" failed. Check that this machine reaches its npm registry, then try again.`);
}
function isOlder(version, [major, minor]) {
  const [a, b] = version.split(".").map(Number);
  return a < major || (a === major && b < minor);
}
function say(text) {
  process.stderr.write(`${text}\n`);
}
function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
