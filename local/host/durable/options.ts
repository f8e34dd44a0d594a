import type { HostClock, HostLog, HostRandom, Worker } from "../contract.ts";
import type { HttpSender } from "./activities.ts";
import type { DurableStorage } from "./storage.ts";

export interface DurableOptions {
  /** Name of the task hub, from host.json. */
  hubName: string;
  /** Base of the client's own calls, e.g. `http://127.0.0.1:17071/durabletask/`; the slash at the end is needed. */
  rpcBaseUrl: string;
  /** Key that stands in the management URLs as `code`. */
  systemKey: string;
  /** Default 10 for each core. */
  maxConcurrentActivityFunctions?: number;
  maxConcurrentOrchestratorFunctions?: number;
  /** Timers further ahead go in legs; default 6 days, as with Azure Storage. */
  maximumShortTimerMs?: number;
  /** Default 3 days. */
  timerLegMs?: number;
  /** What callHttp waits before it asks again when a 202 does not say; default 30 s. */
  httpSleepMs?: number;
  /** Every how many episodes the second replay is also run from event 0 and compared; 0: never; default 64. */
  checkEvery?: number;
  /** Makes failures of what the real host lets pass: an input that changed, a name that is not there. For tests. */
  failOnSlips?: boolean;
  /** How many instances without work stay in memory; default 1000. */
  mostIdleInstances?: number;
  /** How callHttp sends; default: over the network. */
  send?: HttpSender;
}

export interface DurableParts {
  worker: Worker;
  storage: DurableStorage;
  clock: HostClock;
  random: HostRandom;
  log: HostLog;
  options: DurableOptions;
}
