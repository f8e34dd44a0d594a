import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Environment } from "../jobs/job-environment.ts";

export interface Interpreter {
  /** The program itself, never a version manager's shim, which costs 20 ms a start. */
  executable: string;
  /** Such as `3.11.7`. */
  version: string;
  /** Whether it can install into another environment, which pip does since 22.3. */
  hasPip: boolean;
}

const PROBE = `
import importlib.util, json, sys
pip = False
if importlib.util.find_spec("pip"):
    try:
        from importlib.metadata import version
        pip = tuple(int(part) for part in version("pip").split(".")[:2]) >= (22, 3)
    except Exception:
        pass
print(json.dumps({"executable": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3], "hasPip": pip}))
`;

/** Finds the Python interpreters of this machine. */
export class Interpreters {
  readonly #root: string;
  readonly #python: string;
  readonly #environment: Environment;
  readonly #folders = new Map<string, string>();
  readonly #probed = new Map<string, Promise<Interpreter | undefined>>();
  readonly #versions = new Map<string, Promise<Interpreter | undefined>>();

  /** @param python The default interpreter. @param environment What the search for it sees, PATH above all. */
  constructor(stateFolder: string, python: string, environment: Environment) {
    this.#root = join(stateFolder, "interpreters");
    this.#python = python;
    this.#environment = environment;
  }

  /** @throws {Error} when there is none. */
  async default(): Promise<Interpreter> {
    const found = await this.#probe(this.#python);
    if (found) return found;
    throw new Error(`'${this.#python}' is no Python interpreter that starts: install Python 3.9 or newer, or say which one to use`);
  }

  /** One of the version, as far as it is given (`3.9` takes any 3.9); the default one if it fits. */
  find(version: string): Promise<Interpreter | undefined> {
    const found = this.#versions.get(version) ?? this.#search(version);
    this.#versions.set(version, found);
    return found;
  }

  /** A folder to put first on PATH, in which `python` and `python3` are this interpreter. */
  folder({ executable }: Interpreter): string {
    const known = this.#folders.get(executable);
    if (known) return known;
    const folder = join(this.#root, createHash("sha256").update(executable).digest("hex").slice(0, 16));
    mkdirSync(folder, { recursive: true });
    for (const name of ["python", "python3"]) {
      const link = join(folder, name);
      if (existsSync(link)) continue;
      rmSync(link, { force: true });
      symlinkSync(executable, link);
    }
    this.#folders.set(executable, folder);
    return folder;
  }

  async #search(version: string): Promise<Interpreter | undefined> {
    const fits = (one: Interpreter | undefined) => one !== undefined && `${one.version}.`.startsWith(`${version}.`);
    for (const candidate of [this.#python, ...this.#ofVersionManager(version), `python${version.split(".").slice(0, 2).join(".")}`]) {
      const found = await this.#probe(candidate);
      if (fits(found)) return found;
    }
    return undefined;
  }

  /** Versions that pyenv installed, newest first: its shims run only those that are switched on. */
  #ofVersionManager(version: string): string[] {
    const versions = join(this.#environment["PYENV_ROOT"] ?? join(this.#environment["HOME"] ?? homedir(), ".pyenv"), "versions");
    const names = existsSync(versions) ? readdirSync(versions) : [];
    const fitting = names.filter((name) => `${name}.`.startsWith(`${version}.`));
    const newestFirst = fitting.toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }));
    return newestFirst.map((name) => join(versions, name, "bin", "python"));
  }

  #probe(python: string): Promise<Interpreter | undefined> {
    const probed = this.#probed.get(python) ?? probe(python, this.#environment);
    this.#probed.set(python, probed);
    return probed;
  }
}

async function probe(python: string, env: Environment): Promise<Interpreter | undefined> {
  try {
    const { stdout } = await promisify(execFile)(python, ["-I", "-c", PROBE], { env, timeout: 30_000 });
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
