import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiClient } from "../../sdk/client.ts";
import type { HostLog } from "../host/contract.ts";
import { type Host, PortInUseError, startHost } from "../host/host.ts";
import { lockStateFolder } from "../host/state-lock.ts";
import { type AzuriteProcess, startAzuriteProcess } from "./azurite/azurite-process.ts";
import { installAzurite } from "./azurite/install-azurite.ts";
import { checkPython } from "./check-python.ts";
import { openFileLog } from "./file-log.ts";
import { freePort } from "./free-port.ts";
import { openLocalConfig, saveLocalConfig } from "./local-config.ts";
import { printError } from "./print-error.ts";
import { seedCatalog } from "./seed.ts";
import { AZUREML, appSettings, type StartSecrets, standInsConfig } from "./settings.ts";
import { type StandIns, startStandIns } from "./stand-ins.ts";
import { StartError } from "./start-error.ts";
import type { StartOptions } from "./start-options.ts";
import { chooseStorage, openAccount, type StorageAccount, writeConnectionString } from "./storage.ts";
import { keepToken } from "./token.ts";
import { removeWorkspaceFile, writeWorkspaceFile } from "./workspace-files.ts";

const DEFAULT_PORT = 7071;
const VERSION = "0.1.0";
const BLOB_FOLDERS = {
  local: ["datastores/workspaceblobstore", "datastores/workspaceartifactstore", "datastores/snapshots"],
  azurite: ["azurite"],
} as const;
/** Of the time that a stop may take, what is Azurite's, which ends last. */
const AZURITE_STOP_MS = 400;

/** A workspace that runs. */
export interface Workspace {
  readonly address: string;
  readonly client: ApiClient;
  /** The repository's folder, with the samples. */
  readonly root: string;
  /** Ends everything; jobs that run are queued again for the next start. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts the processes of a local workspace: this one with the host and the app, the stand-ins, and Azurite where it keeps the blobs.
 * @throws {StartError | StateInUseError}
 */
export async function startWorkspace(options: StartOptions, signal: AbortSignal): Promise<Workspace> {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const { stateFolder } = options;
  const config = openLocalConfig(stateFolder);
  lockStateFolder(join(stateFolder, "host"))(); // so that nothing is touched of a workspace that runs; the host takes it for good
  const { log, file } = openFileLog(stateFolder, printError);
  const wanted = options.port ?? config.port ?? DEFAULT_PORT;
  const port = await freePort(wanted);
  const standInsPort = await freePort(Math.max(config.standInsPort ?? 0, port + 1));
  const secrets: StartSecrets = { masterKey: secret(), identityHeader: secret(), adminSecret: secret() };
  const storage = chooseStorage(stateFolder, config, options.storage);
  for (const folder of ["app", "host", ...BLOB_FOLDERS[storage]]) mkdirSync(join(stateFolder, folder), { recursive: true, mode: 0o700 });
  if (storage === "azurite") installAzurite(root);
  const began = performance.now();
  const account = storage === "azurite" ? await openAccount(config) : undefined;

  // It takes as long to start as all the rest, and nothing needs it before.
  const azurite = account && startAzurite(stateFolder, account, log);
  azurite?.catch(() => undefined); // told below
  let host: Host | undefined;
  let standIns: StandIns | undefined;
  let isPublished = false;
  const stop = async (graceMs: number, how = { preempt: true }) => {
    const withoutAzurite = account ? graceMs - AZURITE_STOP_MS : graceMs;
    await Promise.all([host?.stop(Math.min(400, graceMs)), standIns?.stop(withoutAzurite, how)]);
    await (await azurite?.catch(() => undefined))?.stop(AZURITE_STOP_MS);
    // Never that of another workspace, which is why we may have to stop.
    if (isPublished) removeWorkspaceFile(stateFolder);
  };
  const pythonProblem = checkPython(process.env["PENSTOCK_LOCAL_PYTHON"]?.trim() || "python3");
  try {
    standIns = await startStandIns(standInsConfig({ config, secrets, stateFolder, port, account, standInsPort }), {
      log,
      logFile: join(stateFolder, "logs", "stand-ins.log"),
    });
    if (port !== (config.port ?? port) && standIns.liveJobs > 0)
      throw jobsHoldAddress(config.port ?? port, standIns.liveJobs, options.port !== undefined);
    const settings = appSettings({ config, secrets, stateFolder, port, account, standIns: standIns.address });
    host = await startHost({ appRoot: root, stateFolder: join(stateFolder, "host"), port, settings, masterKey: secrets.masterKey, log });
    await azurite;
    saveLocalConfig(stateFolder, {
      ...config,
      port,
      standInsPort: Number(new URL(standIns.address).port),
      storage,
      ...(account && { azuritePort: account.port, storageKey: account.key }),
    });
    const token = await keepToken({ standIns: standIns.address, config, signal, onRenewed: (renewed) => publish(renewed) });
    const address = host.address;
    const startedAt = new Date().toISOString();
    const publish = (current: string) =>
      writeWorkspaceFile(stateFolder, { address, token: current, pid: process.pid, startedAt, version: VERSION });
    const client = new ApiClient({ url: address, token: token.current });
    await seedCatalog(client);
    isPublished = true;
    publish(token.current());
    standIns.startWaiting();
    greet({
      address,
      stateFolder,
      data: account
        ? `${account.endpoint}/${AZUREML.defaultDatastore}   (Azurite; for clients: ${writeConnectionString(stateFolder, account)})`
        : `${join(stateFolder, "datastores", AZUREML.defaultDatastore)}   (drop files here)`,
      logFile: file,
      moved: port === wanted ? undefined : wanted,
      pythonProblem: await pythonProblem,
      seconds: (performance.now() - began) / 1000,
    });
    return { address, client, root, stop };
  } catch (error) {
    await stop(1000, { preempt: false }); // jobs that outlived the last start must outlive a start that failed
    if (error instanceof PortInUseError) throw new StartError(`port ${port} was taken while we started`, "start again");
    throw error;
  }
}

function startAzurite(stateFolder: string, { port, name, key }: StorageAccount, log: HostLog): Promise<AzuriteProcess> {
  const logFile = join(stateFolder, "logs", "azurite.log");
  return startAzuriteProcess({ folder: join(stateFolder, "azurite"), port, account: { name, key } }, { log, logFile });
}

function jobsHoldAddress(port: number, count: number, wasAsked: boolean): StartError {
  const jobs = `${count} ${count === 1 ? "job" : "jobs"} of this workspace that ${count === 1 ? "has" : "have"} not ended will call it on port ${port}`;
  if (wasAsked)
    return new StartError(`${jobs}, so it cannot start on another`, "start without --port, or begin a workspace of its own with --state");
  return new StartError(
    `${jobs}, which is in use by another program`,
    `end the program that holds port ${port} and start again (on Linux: ss -ltnp 'sport = :${port}'), or begin a workspace of its own with --state`,
  );
}

function greet({
  address,
  stateFolder,
  data,
  logFile,
  moved,
  pythonProblem,
  seconds,
}: {
  address: string;
  stateFolder: string;
  data: string;
  logFile: string;
  moved: number | undefined;
  pythonProblem: string | undefined;
  seconds: number;
}): void {
  const lines = [
    ...(moved === undefined ? [] : [`Port ${moved} is in use by another program; this workspace moved to the next free one.`]),
    `Penstock ${VERSION}, local workspace, ready in ${seconds.toFixed(1)} s`,
    `  API      ${address}/api   (OpenAPI: /api/openapi.json)`,
    `  State    ${stateFolder}`,
    `  Data     ${data}`,
    `  Log      ${logFile}`,
    "  CLI      npx penstock --help",
    ...(pythonProblem === undefined ? [] : [`  warning  ${pythonProblem}`]),
  ];
  console.log(`${lines.join("\n")}\n`);
}

function secret(): string {
  return randomBytes(32).toString("base64url");
}
