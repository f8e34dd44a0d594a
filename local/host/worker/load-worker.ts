import { randomUUID } from "node:crypto";
import { resolve, sep } from "node:path";
import type { Binding, HostLog, Invocation, RegisteredFunction, TypedData, Worker } from "../contract.ts";
import { findAppFiles } from "./app-files.ts";
import type { CoreInvocationContext, LogCategory, LogLevel, ProgrammingModel } from "./core-api.ts";
import { installCoreModule } from "./core-module.ts";
import { withinTimeout } from "./function-timeout.ts";
import { hookContext } from "./hook-context.ts";
import { importAppFiles } from "./import-app-files.ts";
import type { InvocationHost } from "./invoke-function.ts";
import { invokeFunction } from "./invoke-function.ts";
import { Registry } from "./registry.ts";
import { SystemError } from "./system-error.ts";

export interface WorkerOptions {
  /** The folder with package.json and host.json. */
  appRoot: string;
  log: HostLog;
  /** Ids of invocations; default: random GUIDs. */
  newInvocationId?: () => string;
  /** What the host itself gives to an input binding, as `durableClient`; undefined where it has nothing to give. */
  hostInput?: (binding: Binding) => TypedData | undefined;
  /** `functionTimeout` of host.json; default: none. */
  functionTimeoutSeconds?: number;
}

/** A loaded app. `dispose` runs its appTerminate hooks. */
export interface LoadedWorker extends Worker {
  dispose(): Promise<void>;
}

/**
 * Loads a v4 app as the Node worker does (files of `main`, appStart hooks, lock, capabilities) and runs its functions.
 * Apps may be loaded one after another in one process; registrations always go to the one loaded last.
 * @throws {SystemError} if the app cannot be loaded, with its own error as `cause`.
 */
export async function loadWorker(options: WorkerOptions): Promise<LoadedWorker> {
  const appRoot = resolve(options.appRoot);
  const core = installCoreModule();
  const deliver = logSink(options.log);
  const registry = new Registry((level, category, message) => {
    const line = throughLogHooks(registry, undefined, level, category, message);
    deliver(line.level, category, line.message);
  });
  core.registry = registry;
  await importAppFiles(appRoot, findAppFiles(appRoot));
  const appHookData: Record<string, unknown> = {};
  const lifeHooks = { hookData: {}, appHookData, functionAppDirectory: appRoot + sep };
  for (const hook of [...registry.hooks("appStart")]) await hook(hookContext(lifeHooks, {}));
  registry.lock();
  const model = await startModel(core.model);
  if (registry.functions.size === 0)
    options.log("warning", `The app in ${appRoot} registers no function: does a file of "main" call app.http, app.timer or the like?`);
  return runningWorker(options, { registry, model, appHookData, log: invocationLog(registry, deliver) }, async () => {
    for (const hook of [...registry.hooks("appTerminate")]) await hook(hookContext(lifeHooks, {}));
    if (core.registry === registry) core.registry = undefined;
  });
}

/** Locks `app.setup` and refuses what this host cannot do. */
async function startModel(model: ProgrammingModel | undefined): Promise<ProgrammingModel | undefined> {
  const capabilities = await model?.getCapabilities({});
  if (capabilities?.["HttpUri"]) {
    throw new SystemError(
      "The app sets enableHttpStream, which the embedded host does not offer: take it out of app.setup, or run the app with Azure Functions Core Tools.",
    );
  }
  return model;
}

function runningWorker(options: WorkerOptions, host: InvocationHost, dispose: () => Promise<void>): LoadedWorker {
  const newInvocationId = options.newInvocationId ?? randomUUID;
  return {
    functions: host.registry.functions,
    invoke(invocation) {
      const target = host.registry.find(invocation.functionName);
      if (!target || !host.model) return Promise.reject(new SystemError(`There is no function "${invocation.functionName}" in the app.`));
      const run = invokeFunction(
        host,
        host.model,
        target,
        withHostInputs(target.function, invocation, options.hostInput),
        invocation.invocationId ?? newInvocationId(),
      );
      return withinTimeout(run, target.metadata.name, options.functionTimeoutSeconds);
    },
    dispose,
  };
}

/** Whoever invokes a function gives its trigger's data; its other inputs are added here. */
function withHostInputs(f: RegisteredFunction, invocation: Invocation, hostInput: WorkerOptions["hostInput"]): Invocation {
  if (!hostInput) return invocation;
  const inputs = { ...invocation.inputs };
  for (const name in f.bindings) {
    const binding = f.bindings[name];
    if (!binding || name === f.trigger.name || binding.direction === "out" || inputs[name]) continue;
    const data = hostInput(binding);
    if (data) inputs[name] = data;
  }
  return { ...invocation, inputs };
}

type Deliver = (level: LogLevel, category: LogCategory, message: string, detail?: Record<string, unknown>) => void;

function invocationLog(registry: Registry, deliver: Deliver): InvocationHost["log"] {
  return (core: CoreInvocationContext, context: unknown) => (level, category, message) => {
    const line = throughLogHooks(registry, context, level, category, message);
    deliver(line.level, category, line.message, { functionName: core.metadata.name, invocationId: core.invocationId });
  };
}

/** Log hooks may change level and text. One that throws is skipped: a line must not fail the function that writes it. */
function throughLogHooks(
  registry: Registry,
  invocationContext: unknown,
  level: LogLevel,
  category: LogCategory,
  message: string,
): { level: LogLevel; message: string } {
  const hooks = registry.hooks("log");
  if (hooks.length === 0) return { level, message };
  const context = hookContext({ hookData: {}, category, invocationContext }, { level, message });
  for (const hook of [...hooks]) {
    try {
      hook(context as Record<string, unknown> & typeof context);
    } catch {}
  }
  return context;
}

const HOST_LEVELS = {
  trace: "debug",
  debug: "debug",
  information: "information",
  warning: "warning",
  error: "error",
  critical: "error",
} as const;

function logSink(log: HostLog): Deliver {
  return (level, category, message, detail) => {
    if (level !== "none") log(HOST_LEVELS[level], message, { category, ...detail });
  };
}
