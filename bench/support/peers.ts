import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const INSTALL_MS = 300_000;

/** A tool that is measured beside the product. */
export type Peer = { program: string; version: string } | { missing: string };

/**
 * Finds a tool on the PATH, or else among Python's packages: those go to a virtual environment of the bench's own in the user's cache folder,
 * once.
 */
export function findPeer(name: string): Peer {
  const onPath = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);
  const known = onPath && versionOf(onPath);
  if (onPath && known) return { program: onPath, version: known };
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "penstock", "bench", name);
  const program = join(folder, "bin", name);
  if (!existsSync(program)) {
    const problem = install(folder, name);
    if (problem) return { missing: `${name} is not installed: ${problem}` };
  }
  const version = versionOf(program);
  return version ? { program, version } : { missing: `${name} in ${folder} does not run: remove that folder` };
}

function install(folder: string, name: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  for (const [program, ...args] of [
    ["python3", "-m", "venv", folder],
    [join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary", name],
  ]) {
    const done = spawnSync(program ?? "", args, { encoding: "utf8", timeout: INSTALL_MS });
    if (done.status !== 0) return done.error?.message ?? (done.stderr.trim().split("\n").at(-1) || `${program} ended with ${done.status}`);
  }
  return undefined;
}

/** A shim of a version manager is on the PATH and runs nothing: so it is asked. */
function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? /\d[\w.]*/.exec(stdout)?.[0] : undefined;
}
