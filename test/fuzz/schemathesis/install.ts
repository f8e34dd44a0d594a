import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The newest release that was tried; all that it needs comes as wheels. */
const RELEASE = "schemathesis==4.32.5";
/** It needs Python 3.10. */
const PYTHONS = ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3"];

/**
 * The `schemathesis` command, in a venv of its own below node_modules/.cache that the first call makes.
 * @throws {Error} when the machine has no Python 3.10, or pip finds no package index.
 */
export function installSchemathesis(root: string): string {
  const cache = join(root, "node_modules", ".cache");
  const folder = join(cache, "schemathesis");
  const stamp = join(folder, `${RELEASE}.installed`);
  const command = join(folder, "bin", "schemathesis");
  if (existsSync(stamp) && existsSync(command)) return command;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  run(findPython(), ["-m", "venv", folder]);
  const inside = join(folder, "bin", "python");
  run(inside, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", RELEASE]);
  writeFileSync(stamp, "");
  return command;
}

function findPython(): string {
  const found = PYTHONS.find((python) => {
    const asked = spawnSync(python, ["-c", "import sys; print(sys.version_info >= (3, 10))"], { encoding: "utf8" });
    return asked.status === 0 && asked.stdout.trim() === "True";
  });
  if (found === undefined) throw new Error("schemathesis needs Python 3.10 or a later one, and none is on the PATH");
  return found;
}

function run(command: string, args: string[]): void {
  const done = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (done.status !== 0)
    throw new Error(`"${command} ${args.join(" ")}" failed: schemathesis needs Python's venv module and a package index for ${RELEASE}`);
}
