import { randomBytes } from "node:crypto";
import { closeSync, existsSync, linkSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EnvironmentVersion } from "../contract.ts";
import type { Environment, MachineEnvironment } from "../jobs/job-environment.ts";
import { machineVariables } from "../jobs/job-environment.ts";
import { ProcessTree } from "../jobs/process-tree.ts";
import { buildEnvironment } from "./build-environment.ts";
import type { CondaFile } from "./conda-file.ts";
import { isWithin, parseCondaFile } from "./conda-file.ts";
import { EnvironmentFolder, environmentFolders, environmentKey } from "./environment-folder.ts";
import type { Interpreter } from "./interpreters.ts";
import { Interpreters } from "./interpreters.ts";

/** What pip may see of the machine beyond what a job sees: where packages come from, and how to get there. */
const PIP_VARIABLES = /^(?:PIP_\w+|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PYENV_ROOT)$/i;

export interface EnvironmentSettings {
  /** The default interpreter, a name on PATH or a path. */
  python: string;
  pipArguments: readonly string[];
  /** The image that stands for this machine as it is: it was not asked for, so nobody is warned that it is not used. */
  defaultImage?: string | undefined;
}

/** An environment as a job uses it. */
export interface Toolchain {
  /** To be put first on PATH. */
  folders: string[];
  variables: Environment;
  /** What was asked for and cannot be had on a laptop. */
  warnings: string[];
}

interface Build {
  done: Promise<void>;
  log: string;
  abort: AbortController;
  waiting: number;
}

interface Recipe {
  interpreter: Interpreter;
  conda: CondaFile;
  warnings: string[];
}

/** Python environments: a venv for each distinct list of pip packages and interpreter, built once and kept. */
export class Environments {
  readonly interpreters: Interpreters;
  readonly #root: string;
  readonly #settings: EnvironmentSettings;
  readonly #buildVariables: Environment;
  readonly #recipes = new Map<string, Recipe>();
  readonly #builds = new Map<string, Build>();
  #default: Interpreter | undefined;

  constructor(stateFolder: string, settings: EnvironmentSettings, machine: MachineEnvironment) {
    this.#root = join(stateFolder, "environments");
    this.#settings = settings;
    const forPip = Object.entries(machine).filter(([name, value]) => value !== undefined && PIP_VARIABLES.test(name));
    this.#buildVariables = { ...(Object.fromEntries(forPip) as Environment), ...machineVariables(machine, []), PYTHONUNBUFFERED: "1" };
    this.interpreters = new Interpreters(stateFolder, settings.python, this.#buildVariables);
  }

  /** Looks for the default interpreter; a job that needs one says so if there is none. */
  async findDefault(): Promise<Interpreter | undefined> {
    this.#default = await this.interpreters.default().catch(() => undefined);
    return this.#default;
  }

  /** Clears away what a killed server was building. */
  async start(): Promise<void> {
    mkdirSync(this.#root, { recursive: true });
    for (const folder of environmentFolders(this.#root)) {
      if (folder.isReady()) continue;
      const marker = folder.beganWith();
      if (marker) await new ProcessTree(marker).kill();
      await folder.remove();
    }
  }

  /** Ends what is being built. */
  async stop(): Promise<void> {
    const builds = [...this.#builds.values()];
    for (const { abort } of builds) abort.abort(new Error("The server stops"));
    await Promise.allSettled(builds.map(({ done }) => done));
  }

  /** The environment, if there is nothing left to do for it. */
  ready(version: EnvironmentVersion): Toolchain | undefined {
    const recipe = this.#recipes.get(recipeKey(version)) ?? this.#recipeNow(version);
    if (!recipe) return undefined;
    if (recipe.conda.pip.length === 0) return this.#bare(recipe);
    const folder = this.#folder(recipe);
    return folder.isReady() ? toolchain(folder, recipe) : undefined;
  }

  /**
   * Builds the environment, unless it is built; two that want the same at once share one build.
   * @param log Where the build's output is to be seen while it runs; nothing is made there when nothing is built.
   * @throws {Error} that says why it cannot be had and what to do.
   */
  async prepare(version: EnvironmentVersion, log: string, signal: AbortSignal): Promise<Toolchain> {
    const recipe = await this.#recipe(version);
    signal.throwIfAborted();
    if (recipe.conda.pip.length === 0) return this.#bare(recipe);
    const folder = this.#folder(recipe);
    if (!folder.isReady()) await this.#join(folder, recipe, log, signal);
    return toolchain(folder, recipe);
  }

  /** What of an environment is not honoured here, as far as it was read: also when it could not be built. */
  warningsNow(version: EnvironmentVersion): string[] {
    return this.#recipes.get(recipeKey(version))?.warnings ?? [];
  }

  /** What is known without asking the system: an environment that names no Python version. */
  #recipeNow(version: EnvironmentVersion): Recipe | undefined {
    const interpreter = this.#default;
    if (!interpreter) return undefined;
    try {
      const conda = parseCondaFile(version.condaFile);
      if (conda.python !== undefined) return undefined;
      const recipe = { interpreter, conda, warnings: this.#warningsOf(version, conda, undefined, interpreter) };
      this.#recipes.set(recipeKey(version), recipe);
      return recipe;
    } catch {
      // It fails the job, not the request: `prepare` says how.
      return undefined;
    }
  }

  async #recipe(version: EnvironmentVersion): Promise<Recipe> {
    const key = recipeKey(version);
    const known = this.#recipes.get(key);
    if (known) return known;
    const conda = readConda(version);
    const named = conda.python === undefined ? undefined : await this.interpreters.find(conda.python);
    const interpreter = named ?? (await this.interpreters.default());
    const recipe = { interpreter, conda, warnings: this.#warningsOf(version, conda, named, interpreter) };
    this.#recipes.set(key, recipe);
    return recipe;
  }

  #bare({ interpreter, warnings }: Recipe): Toolchain {
    return { folders: [this.interpreters.folder(interpreter), dirname(interpreter.executable)], variables: {}, warnings };
  }

  #folder({ interpreter, conda }: Recipe): EnvironmentFolder {
    return new EnvironmentFolder(this.#root, environmentKey(interpreter, conda.pip, this.#settings.pipArguments));
  }

  async #join(folder: EnvironmentFolder, recipe: Recipe, log: string, signal: AbortSignal): Promise<void> {
    mkdirSync(dirname(log), { recursive: true });
    // One that everybody left is still being cleared away.
    for (let left = this.#builds.get(folder.root); left?.abort.signal.aborted; left = this.#builds.get(folder.root)) {
      await left.done.catch(() => undefined);
    }
    if (folder.isReady()) return;
    signal.throwIfAborted();
    const build = this.#builds.get(folder.root) ?? this.#begin(folder, recipe, log);
    // All logs are one file, so that each of the jobs that wait can show it as it grows.
    if (build.log !== log && !existsSync(log)) linkSync(build.log, log);
    build.waiting++;
    const leave = Promise.withResolvers<never>();
    const onAbort = () => leave.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([build.done, leave.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (--build.waiting === 0) build.abort.abort(new Error("Nobody waits for the environment any more"));
    }
  }

  #begin(folder: EnvironmentFolder, { interpreter, conda }: Recipe, log: string): Build {
    const abort = new AbortController();
    closeSync(openSync(log, "a"));
    const order = {
      folder,
      marker: randomBytes(16).toString("hex"),
      interpreter,
      requirements: conda.pip,
      pipArguments: this.#settings.pipArguments,
      environment: this.#buildVariables,
      log,
    };
    const done = buildEnvironment(order, abort.signal).finally(() => this.#builds.delete(folder.root));
    done.catch(() => undefined);
    const build = { done, log, abort, waiting: 0 };
    this.#builds.set(folder.root, build);
    return build;
  }

  #warningsOf(version: EnvironmentVersion, conda: CondaFile, named: Interpreter | undefined, used: Interpreter): string[] {
    const warnings: string[] = [];
    if (version.image && version.image !== this.#settings.defaultImage)
      warnings.push(`The base image ${version.image} is not used on this machine: the command runs directly on it`);
    if (version.build) warnings.push(`The build context ${version.build.contextUri} is not used on this machine: no image is built`);
    if (conda.pythonAsked && conda.pythonAsked !== "python" && !named && !isWithin(conda.pythonAsked, used.version)) {
      warnings.push(`'${conda.pythonAsked}' could not be found on this machine; the command runs on Python ${used.version}`);
    }
    for (const one of conda.condaOnly)
      warnings.push(`The conda package ${one} is not installed on this machine; packages under 'pip:' are`);
    // Without a package that only conda installs, channels change nothing: v1 writes some into every file.
    if (conda.condaOnly.length > 0 && conda.channels.length > 0)
      warnings.push(`The conda channels ${conda.channels.join(", ")} are not used on this machine`);
    return warnings;
  }
}

function recipeKey(version: EnvironmentVersion): string {
  return JSON.stringify([version.image, version.condaFile, version.build]);
}

function readConda(version: EnvironmentVersion): CondaFile {
  try {
    return parseCondaFile(version.condaFile);
  } catch (error) {
    throw new Error(`The environment's condaFile cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function toolchain(folder: EnvironmentFolder, { warnings }: Recipe): Toolchain {
  return { folders: [join(folder.venv, "bin")], variables: { VIRTUAL_ENV: folder.venv }, warnings };
}
