import { join } from "node:path";
import type { Durable, HostClock, HostLog, HostRandom, Worker } from "./contract.ts";
import { createDurable } from "./durable/create-durable.ts";
import { openSqliteStorage } from "./durable/sqlite-storage.ts";
import { expandSettings } from "./settings/environment.ts";
import type { HostJson } from "./settings/host-json.ts";

/** What the engine is made from. */
export interface DurablePlan {
  worker: Worker;
  stateFolder: string;
  clock: HostClock;
  random: HostRandom;
  log: HostLog;
  hostJson: HostJson;
  /** Where the JavaScript client calls the engine; ends in a slash. */
  rpcBaseUrl: string;
  systemKey: string;
  failOnSlips: boolean;
}

export type OpenDurable = (plan: DurablePlan) => Durable;

/** What the extension falls back to where no site name gives one. */
const DEFAULT_HUB = "TestHubName";

/** The engine over its file in the state folder, with the options of host.json. */
export const openDurable: OpenDurable = ({ worker, stateFolder, clock, random, log, hostJson, rpcBaseUrl, systemKey, failOnSlips }) => {
  const { hubName, maxConcurrentActivityFunctions, maxConcurrentOrchestratorFunctions } = hostJson.extensions.durableTask;
  const storage = openSqliteStorage(join(stateFolder, "durable.sqlite"));
  try {
    return createDurable({
      worker,
      storage,
      clock,
      random,
      log,
      options: {
        hubName: expandSettings(hubName ?? DEFAULT_HUB),
        rpcBaseUrl,
        systemKey,
        failOnSlips,
        ...(maxConcurrentActivityFunctions === undefined ? {} : { maxConcurrentActivityFunctions }),
        ...(maxConcurrentOrchestratorFunctions === undefined ? {} : { maxConcurrentOrchestratorFunctions }),
      },
    });
  } catch (error) {
    storage.close();
    throw error;
  }
};
