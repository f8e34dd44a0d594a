import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { systemClock, systemRandom } from "./clock.ts";
import { consoleLog } from "./console-log.ts";
import type { HostClock, HostLog, HostRandom } from "./contract.ts";
import { Keys } from "./http/keys.ts";
import { filterLog } from "./log-filter.ts";
import type { OpenDurable } from "./open-durable.ts";
import { openDurable } from "./open-durable.ts";
import type { HostJson } from "./settings/host-json.ts";
import { readHostJson } from "./settings/host-json.ts";
import { readLocalSettings } from "./settings/local-settings.ts";

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

/** The options with every default filled in, and the app's settings files read. */
export interface HostPlan {
  appRoot: string;
  stateFolder: string;
  port: number;
  hostJson: HostJson;
  /** Two groups of variables, the stronger one first. */
  settings: readonly Record<string, string>[];
  keys: Keys;
  enforceKeys: boolean;
  clock: HostClock;
  random: HostRandom;
  log: HostLog;
  openDurable: OpenDurable;
  failOnSlips: boolean;
}

const DEFAULT_PORT = 7071;

/** @throws {SettingsError} if host.json or local.settings.json is not right. */
export function planHost(options: HostOptions): HostPlan {
  const appRoot = resolve(options.appRoot);
  const hostJson = readHostJson(appRoot);
  const localSettings = readLocalSettings(appRoot);
  return {
    appRoot,
    stateFolder: resolve(options.stateFolder),
    port: options.port ?? localSettings.Host.LocalHttpPort ?? DEFAULT_PORT,
    hostJson,
    settings: [options.settings ?? {}, localSettings.Values],
    keys: new Keys(options.masterKey ?? randomBytes(32).toString("base64url")),
    enforceKeys: options.enforceKeys ?? false,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: filterLog(options.log ?? consoleLog, hostJson.logging.logLevel),
    openDurable: options.openDurable ?? openDurable,
    failOnSlips: options.failOnSlips ?? false,
  };
}
