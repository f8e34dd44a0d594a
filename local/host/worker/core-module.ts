import { createRequire, registerHooks } from "node:module";
import type { CoreApi, ProgrammingModel } from "./core-api.ts";
import { Disposable } from "./disposable.ts";
import type { Registry } from "./registry.ts";
import { SystemError } from "./system-error.ts";

const NAME = "@azure/functions-core";
const URL = "azure-functions-core:module";
const IMPORT_URL = "azure-functions-core:import";
/** The state is the process's, not this module's: bundled twice, or loaded again by a test runner, it stays one. */
const STATE = Symbol.for("azure-functions-core.state");

/** The worker version whose module this is like; the libraries look at neither beyond "new enough". */
const WORKER_VERSION = "3.10.0";
const HOST_VERSION = "4.1037.0";

interface CoreState {
  readonly api: CoreApi;
  registry: Registry | undefined;
  /** Of the last app that set one: a library sets it once per process, however many apps are loaded. */
  model: ProgrammingModel | undefined;
  loads: number;
  /** App roots whose ES modules must be evaluated afresh, by the marker that their URLs carry. */
  readonly fresh: Map<string, string>;
}

/**
 * Makes `require` and `import` of `@azure/functions-core` answer with this host's module, for CommonJS, ES modules and
 * bundles alike. The libraries ask once and remember the answer, so this comes before any file of an app, and what they
 * get delegates to the registry of whichever app is being loaded.
 */
export function installCoreModule(): CoreState {
  const holder = globalThis as { [STATE]?: CoreState };
  if (holder[STATE]) return holder[STATE];
  const state = newState();
  holder[STATE] = state;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === NAME) return { url: URL, format: "commonjs", shortCircuit: true };
      if (specifier === IMPORT_URL) return { url: IMPORT_URL, format: "commonjs", shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      return state.fresh.size === 0 ? resolved : { ...resolved, url: freshUrl(state, resolved.url, context.parentURL) };
    },
    load(url, context, nextLoad) {
      if (url === URL) return { format: "commonjs", source: moduleSource(state.api), shortCircuit: true };
      if (url === IMPORT_URL) return { format: "commonjs", source: "module.exports = (url) => import(url);", shortCircuit: true };
      return nextLoad(url, context);
    },
  });
  return state;
}

/** Node's own `import()`: bundlers and test runners rewrite the one they find in a file that they read. */
export function nativeImport(url: string): Promise<unknown> {
  installCoreModule();
  return createRequire(import.meta.url)(IMPORT_URL)(url);
}

function newState(): CoreState {
  const registry = () => {
    if (!state.registry) throw new SystemError("No app is loaded: this call was made after the host stopped.");
    return state.registry;
  };
  const api: CoreApi = {
    version: WORKER_VERSION,
    hostVersion: HOST_VERSION,
    registerFunction: (metadata, callback) => registry().registerFunction(metadata, callback),
    registerHook: (name, callback) => registry().registerHook(name, callback),
    setProgrammingModel: (model) => {
      state.model = model;
    },
    getProgrammingModel: () => state.model,
    log: (level, category, message) => state.registry?.log(level, category, message),
    Disposable,
  };
  const state: CoreState = { api, registry: undefined, model: undefined, loads: 0, fresh: new Map() };
  return state;
}

/** Each member by name, so that a named import of an ES module finds it. */
function moduleSource(api: CoreApi): string {
  const state = `globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(STATE))})]`;
  return [`const { api } = ${state};`, ...Object.keys(api).map((member) => `exports.${member} = api.${member};`)].join("\n");
}

/** A module imported by a marked file of the same app gets the marker too; packages are shared. */
function freshUrl(state: CoreState, url: string, parent: string | undefined): string {
  if (!url.startsWith("file:") || url.includes("/node_modules/") || url.includes("?")) return url;
  for (const [root, marker] of state.fresh) {
    if (url.startsWith(root) && parent?.startsWith(root) && parent.endsWith(marker)) return url + marker;
  }
  return url;
}
