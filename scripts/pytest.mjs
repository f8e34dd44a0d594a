// `node scripts/pytest.mjs [pytest arguments]`: the Python tests on every Python from 3.8 on that this machine has, two at least.
// Each version gets a venv of its own in node_modules/.cache. No dependencies.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TESTS = join(ROOT, "clients", "python");
const CACHE = join(ROOT, "node_modules", ".cache");
/** No one release of pytest runs on all of them. */
const pytestFor = (version) => (version === "3.8" ? "pytest==8.3.5" : "pytest==8.4.2");
const VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
const ENOUGH = 2;

const found = findPythons();
const results = [...found].map(([version, python]) => ({ version, outcome: testOn(version, python) }));
const tried = results.filter(({ outcome }) => outcome !== "no venv");
const failed = results.filter(({ outcome }) => outcome === "failed");
console.log(`\npytest: ${results.map(({ version, outcome }) => `Python ${version} ${outcome}`).join(", ") || "no Python found"}`);
const missing = VERSIONS.filter((version) => !found.has(version));
if (missing.length > 0) console.log(`pytest: not on this machine: Python ${missing.join(", ")}`);
if (tried.length < ENOUGH) {
  console.log(`pytest: ${ENOUGH} Python versions from ${VERSIONS[0]} on are wanted with pip and venv, and ${tried.length} could be used.`);
  if (process.env["CI"]) process.exitCode = 1;
}
if (failed.length > 0) process.exitCode = 1;

/** Interpreters by version ("3.11"), the first of each: those on the PATH, then pyenv's. */
function findPythons() {
  const onPath = (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => VERSIONS.map((version) => join(folder, `python${version}`)));
  const pyenv = join(process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"), "versions");
  const ofPyenv = existsSync(pyenv) ? readdirSync(pyenv).map((name) => join(pyenv, name, "bin", "python")) : [];
  const pythons = new Map();
  for (const python of [...onPath, ...ofPyenv].filter((path) => existsSync(path))) {
    const asked = spawnSync(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8" });
    const version = asked.stdout?.trim(); // pyenv's shims exist for versions that are not switched on, and then fail
    if (asked.status === 0 && VERSIONS.includes(version) && !pythons.has(version)) pythons.set(version, python);
  }
  return new Map([...pythons].sort(([a], [b]) => VERSIONS.indexOf(a) - VERSIONS.indexOf(b)));
}

function testOn(version, python) {
  const folder = join(CACHE, `pytest-${version}`);
  const inside = join(folder, "bin", "python");
  console.log(`\n── Python ${version} (${python})`);
  if (!prepare(folder, python, inside, pytestFor(version))) return "no venv";
  // Without pip's variables and PYTHONPATH, which would let the machine's own packages in.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  delete env["PYTHONPATH"];
  const run = spawnSync(inside, ["-m", "pytest", ...process.argv.slice(2)], { cwd: TESTS, stdio: "inherit", env });
  return run.status === 0 ? "passed" : "failed";
}

/** A venv with pytest in it; the stamp tells one that was finished and holds the right release. */
function prepare(folder, python, inside, pytest) {
  const stamp = join(folder, `${pytest}.installed`);
  if (existsSync(stamp) && existsSync(inside)) return true;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const steps = [
    [python, ["-m", "venv", folder]],
    [inside, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", pytest]],
  ];
  for (const [command, args] of steps) {
    const done = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
    if (done.status !== 0) {
      console.log(`"${command} ${args.join(" ")}" failed: these tests need the venv module, and a package index for ${pytest}.`);
      return false;
    }
  }
  writeFileSync(stamp, "");
  return true;
}
