import { randomBytes } from "node:crypto";
import { Cleanup } from "./cleanup.ts";
import type { Binding, Durable, Worker } from "./contract.ts";
import type { HostOptions, HostPlan } from "./host-plan.ts";
import { planHost } from "./host-plan.ts";
import type { Keys } from "./http/keys.ts";
import type { WaitingServer } from "./http/listen-when-ready.ts";
import { listenWhenReady } from "./http/listen-when-ready.ts";
import { rpcHandler } from "./http/rpc-handler.ts";
import { httpApp } from "./http-app.ts";
import { applyEnvironment, bodyLimitBytes, disabledFunctions, expandSettings } from "./settings/environment.ts";
import { lockStateFolder } from "./state-lock.ts";
import { startTimers } from "./timers/start-timers.ts";
import { openTimerStatusStore } from "./timers/timer-status-store.ts";
import { loadWorker } from "./worker/load-worker.ts";

export type { HostOptions } from "./host-plan.ts";
export { PortInUseError } from "./http/port-in-use-error.ts";
export { SettingsError } from "./settings/settings-error.ts";
export { StateError } from "./state-error.ts";
export { StateInUseError } from "./state-lock.ts";
export { SystemError } from "./worker/system-error.ts";

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

const DEFAULT_GRACE_MS = 400;

/**
 * Runs a v4 Functions app on this machine, on loopback only, until it is stopped. The port is taken first and requests wait
 * until everything runs, so that an app may ask for its own address while it loads.
 * @throws {PortInUseError | StateInUseError | StateError | SettingsError | SystemError} if it cannot start; nothing is left behind.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const cleanup = new Cleanup();
  try {
    return await start(planHost(options), cleanup);
  } catch (error) {
    await cleanup.run().catch(() => {}); // the reason why it did not start is the one to tell
    throw error;
  }
}

/** What is undone at the end, in reverse: so requests and timers end first, then the engine, the app, its environment, the lock. */
async function start(plan: HostPlan, cleanup: Cleanup): Promise<Host> {
  const grace = { ms: DEFAULT_GRACE_MS };
  cleanup.add(lockStateFolder(plan.stateFolder));
  const listeners = await listen(plan, cleanup);
  const app = await loadApp(plan, listeners, cleanup, grace);
  await serve(plan, listeners, app, cleanup, grace);
  let stopped: Promise<void> | undefined;
  return {
    address: listeners.address,
    port: listeners.front.port,
    keys: plan.keys,
    ...app,
    stop(graceMs = DEFAULT_GRACE_MS) {
      grace.ms = graceMs;
      stopped ??= cleanup.run();
      return stopped;
    },
  };
}

interface Listeners {
  /** What the world sees, at `address`. */
  front: WaitingServer;
  address: string;
  /** What the JavaScript durable client calls, at a path that nobody can guess. */
  rpc: WaitingServer;
  rpcSecret: string;
}

async function listen({ port, log, settings }: HostPlan, cleanup: Cleanup): Promise<Listeners> {
  const front = await listenWhenReady(port, log);
  cleanup.add(() => front.stop(0));
  const rpc = await listenWhenReady(0, log);
  cleanup.add(() => rpc.stop(0));
  const site = `127.0.0.1:${front.port}`;
  const always = { FUNCTIONS_WORKER_RUNTIME: "node", AZURE_FUNCTIONS_ENVIRONMENT: "Development", WEBSITE_HOSTNAME: site };
  cleanup.add(applyEnvironment(always, ...settings));
  return { front, address: `http://${site}`, rpc, rpcSecret: randomBytes(24).toString("base64url") };
}

interface App {
  worker: Worker;
  durable: Durable;
}

async function loadApp(plan: HostPlan, { address, rpc, rpcSecret }: Listeners, cleanup: Cleanup, grace: { ms: number }): Promise<App> {
  const engine: { durable?: Durable } = {};
  const { functionTimeout } = plan.hostJson;
  const worker = await loadWorker({
    appRoot: plan.appRoot,
    log: plan.log,
    hostInput: (binding) => (isDurableClient(binding) && engine.durable ? { string: engine.durable.clientBinding(address) } : undefined),
    ...(functionTimeout === undefined ? {} : { functionTimeoutSeconds: functionTimeout }),
  });
  cleanup.add(() => worker.dispose());
  const rpcBaseUrl = `http://127.0.0.1:${rpc.port}/${rpcSecret}/durabletask/`;
  const durable = plan.openDurable({ ...plan, worker, rpcBaseUrl, systemKey: plan.keys.system("durabletask") });
  engine.durable = durable;
  cleanup.add(() => durable.stop(grace.ms));
  return { worker, durable };
}

const isDurableClient = ({ type }: Binding): boolean => /^(?:durable|orchestration)client$/i.test(type);

async function serve(
  plan: HostPlan,
  { front, address, rpc, rpcSecret }: Listeners,
  app: App,
  cleanup: Cleanup,
  grace: { ms: number },
): Promise<void> {
  const { worker, durable } = app;
  const limit = bodyLimitBytes();
  const isDisabled = disabledFunctions(worker.functions.values());
  const handler = httpApp({ ...plan, worker, durable, isDisabled, bodyLimitBytes: limit, address });
  await durable.start();
  const store = openTimerStatusStore(plan.stateFolder, plan.log);
  const timers = startTimers({ ...plan, worker, store, expand: expandSettings, isDisabled });
  cleanup.add(() => Promise.all([timers.stop(grace.ms), front.stop(grace.ms)]));
  rpc.open(rpcHandler({ secret: rpcSecret, durable, bodyLimitBytes: limit }));
  front.open(handler);
}
