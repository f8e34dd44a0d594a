import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { Cleanup } from "./cleanup.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { consoleLog } from "./console-log.ts";
import type { Durable, HostClock, HostLog, HostRandom, Worker } from "./contract.ts";
import { Keys } from "./http/keys.ts";
import type { RequestHandler } from "./http/loopback-server.ts";
import { listenLoopback } from "./http/loopback-server.ts";
import { rpcHandler } from "./http/rpc-handler.ts";
import { httpApp } from "./http-app.ts";
import { filterLog } from "./log-filter.ts";
import type { OpenDurable } from "./open-durable.ts";
import { openDurable } from "./open-durable.ts";
import { applyEnvironment, bodyLimitBytes, disabledFunctions, expandSettings } from "./settings/environment.ts";
import type { HostJson } from "./settings/host-json.ts";
import { readHostJson } from "./settings/host-json.ts";
import { readLocalSettings } from "./settings/local-settings.ts";
import { lockStateFolder } from "./state-lock.ts";
import { startTimers } from "./timers/start-timers.ts";
import { openTimerStatusStore } from "./timers/timer-status-store.ts";
import { loadWorker } from "./worker/load-worker.ts";

export { PortInUseError } from "./http/port-in-use-error.ts";
export { SettingsError } from "./settings/settings-error.ts";
export { StateInUseError } from "./state-lock.ts";
export { SystemError } from "./worker/system-error.ts";

export interface HostOptions {
  /** The folder with package.json and host.json. */
  appRoot: string;
  /** Everything that the host keeps; made if it is not there. One host at a time. */
  stateFolder: string;
  /** 0 takes a free one. Default: `Host.LocalHttpPort` of local.settings.json, else 7071. */
  port?: number;
  /** Environment variables for the app; what is set already stays. They win over local.settings.json. */
  settings?: Record<string, string>;
  /** Opens `/admin`, `/runtime` and every function. Default: a random one for this start. */
  masterKey?: string;
  /** Asks callers for the keys that functions want, as Azure does; Core Tools, and the default, do not. */
  enforceKeys?: boolean;
  clock?: HostClock;
  random?: HostRandom;
  /** Default: lines on the console. host.json decides what gets through. */
  log?: HostLog;
  /** Default: the engine of `durable/`. For tests of everything else. */
  openDurable?: OpenDurable;
  /** An orchestration that does what the real engine lets slip fails. For tests. */
  failOnSlips?: boolean;
}

export interface Host {
  /** As `http://127.0.0.1:7071`. */
  readonly address: string;
  readonly port: number;
  readonly keys: Keys;
  readonly worker: Worker;
  readonly durable: Durable;
  /** Ends requests, timers and the engine, giving what runs so many milliseconds (default 400), then the app. May be called again. */
  stop(graceMs?: number): Promise<void>;
}

const DEFAULT_PORT = 7071;
const DEFAULT_GRACE_MS = 400;

/**
 * Runs a v4 Functions app on this machine, on loopback only, until it is stopped. The port is taken first and requests wait
 * until everything runs, so that an app may ask for its own address while it loads.
 * @throws {PortInUseError | StateInUseError | SettingsError | SystemError} if it cannot start; nothing is left behind.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const cleanup = new Cleanup();
  try {
    return await start(options, cleanup);
  } catch (error) {
    await cleanup.run().catch(() => {}); // the reason why it did not start is the one to tell
    throw error;
  }
}

async function start(options: HostOptions, cleanup: Cleanup): Promise<Host> {
  const appRoot = resolve(options.appRoot);
  const stateFolder = resolve(options.stateFolder);
  const hostJson = readHostJson(appRoot);
  const localSettings = readLocalSettings(appRoot);
  const log = filterLog(options.log ?? consoleLog, hostJson.logging.logLevel);
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const keys = new Keys(options.masterKey ?? randomBytes(32).toString("base64url"));
  let graceMs = DEFAULT_GRACE_MS;

  cleanup.add(lockStateFolder(stateFolder));
  const front = await listenWhenReady(options.port ?? localSettings.Host.LocalHttpPort ?? DEFAULT_PORT, log);
  cleanup.add(() => front.server.stop(0));
  const address = `http://127.0.0.1:${front.server.port}`;
  const rpcSecret = randomBytes(24).toString("base64url");
  const rpc = await listenWhenReady(0, log);
  cleanup.add(() => rpc.server.stop(0));
  cleanup.add(applyEnvironment(hostVariables(front.server.port), options.settings ?? {}, localSettings.Values));

  let durable: Durable | undefined;
  const worker = await loadWorker({
    appRoot,
    log,
    hostInput: (binding) =>
      /^(?:durable|orchestration)client$/i.test(binding.type) && durable ? { string: durable.clientBinding(address) } : undefined,
    ...timeoutOf(hostJson),
  });
  cleanup.add(() => worker.dispose());
  const engine = (options.openDurable ?? openDurable)({
    worker,
    stateFolder,
    clock,
    random,
    log,
    hostJson,
    rpcBaseUrl: `http://127.0.0.1:${rpc.server.port}/${rpcSecret}/durabletask/`,
    systemKey: keys.system("durabletask"),
    failOnSlips: options.failOnSlips ?? false,
  });
  durable = engine;
  cleanup.add(() => engine.stop(graceMs));

  const limit = bodyLimitBytes();
  const isDisabled = disabledFunctions(worker.functions.values());
  const app = httpApp({
    worker,
    durable: engine,
    keys,
    hostJson,
    enforceKeys: options.enforceKeys ?? false,
    isDisabled,
    bodyLimitBytes: limit,
    address,
    log,
  });
  await engine.start();
  const timers = startTimers({ worker, store: openTimerStatusStore(stateFolder, log), clock, log, expand: expandSettings, isDisabled });
  cleanup.add(() => Promise.all([timers.stop(graceMs), front.server.stop(graceMs)]));
  rpc.open(rpcHandler({ secret: rpcSecret, durable: engine, bodyLimitBytes: limit }));
  front.open(app);

  let stopped: Promise<void> | undefined;
  return {
    address,
    port: front.server.port,
    keys,
    worker,
    durable: engine,
    stop(grace = DEFAULT_GRACE_MS) {
      graceMs = grace;
      stopped ??= cleanup.run();
      return stopped;
    },
  };
}

/** A server whose requests wait until it is told what to do with them. */
async function listenWhenReady(port: number, log: HostLog) {
  const opened = Promise.withResolvers<RequestHandler>();
  let handler: RequestHandler | undefined;
  const server = await listenLoopback({
    port,
    log,
    handle: (request, response) => (handler ? handler(request, response) : opened.promise.then((ready) => ready(request, response))),
  });
  return {
    server,
    open(ready: RequestHandler) {
      handler = ready;
      opened.resolve(ready);
    },
  };
}

function hostVariables(port: number): Record<string, string> {
  return { FUNCTIONS_WORKER_RUNTIME: "node", AZURE_FUNCTIONS_ENVIRONMENT: "Development", WEBSITE_HOSTNAME: `127.0.0.1:${port}` };
}

function timeoutOf({ functionTimeout }: HostJson): { functionTimeoutSeconds?: number } {
  return functionTimeout === undefined ? {} : { functionTimeoutSeconds: functionTimeout };
}
