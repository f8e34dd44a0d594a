import { mkdirSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, resolve } from "node:path";
import { env } from "node:process";
import { logLine } from "../log-line.ts";
import { type CommandJob, isTerminal } from "./contract.ts";
import { Environments } from "./environments/environments.ts";
import { FaultPlan } from "./http/faults.ts";
import { RequestSchemas } from "./http/schemas.ts";
import { AzureMlServer } from "./http/server.ts";
import { localArtifacts } from "./jobs/artifacts.ts";
import { BlobAccount } from "./jobs/blob-account.ts";
import { BlobArtifacts } from "./jobs/blob-artifacts.ts";
import { DataPaths } from "./jobs/data-paths.ts";
import type { DataPlace } from "./jobs/data-place.ts";
import { JobFolders } from "./jobs/job-folders.ts";
import { JobQueue } from "./jobs/job-queue.ts";
import { JobRunner } from "./jobs/job-runner.ts";
import { Launcher } from "./jobs/launcher.ts";
import { Leftovers } from "./jobs/leftovers.ts";
import { LogLimit } from "./jobs/log-limit.ts";
import { RunStatusNotifier } from "./jobs/run-status-notifier.ts";
import { maximumNodes } from "./operations/computes.ts";
import { namesInId } from "./operations/resources.ts";
import { assetById, type Service } from "./operations/service.ts";
import type { AzureMlOptions } from "./options.ts";
import { AssetRecords } from "./store/asset-records.ts";
import { ComputeRecords } from "./store/compute-records.ts";
import { JobRecords } from "./store/job-records.ts";
import { Journal } from "./store/journal.ts";

export type { AzureMlOptions } from "./options.ts";

const DEFAULT_LOG_LIMIT_BYTES = 64 * 1024 * 1024;

/** A server that stands in for Azure Machine Learning: it answers its ARM REST API and really runs the jobs, on this machine. */
export interface AzureMl {
  /** Answers one request, whatever comes; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes over the jobs of the last time that run, and begins to answer and to send events. */
  start(): Promise<void>;
  /** Lets those of the last time start that wait. Not part of {@link start}: a workspace may yet turn out unable to run. */
  startWaiting(): void;
  /** `preempt`: ends what runs, within 1.5 s, and queues it for the next start. Otherwise it runs on and is taken over at the next start. */
  stop(how: { preempt: boolean }): Promise<void>;
  /** How many jobs have not ended: those that run and those that wait. */
  liveJobs(): number;
}

/** @throws {Error} when the state folder is in use or was written by a newer release. */
export async function createAzureMl(options: AzureMlOptions): Promise<AzureMl> {
  const { workspace, clock = () => new Date(), machineEnvironment = env, log = logLine } = options;
  const stateFolder = resolve(options.stateFolder);
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  for (const folder of Object.values(options.datastores)) mkdirSync(folder, { recursive: true });
  const journal = new Journal(join(stateFolder, "azureml.db"), (error) => log(`A change of state could not be stored: ${error}`));
  const assets = new AssetRecords(journal);
  const computes = new ComputeRecords(journal);
  const records = new JobRecords(journal);
  const account = options.storageAccount && new BlobAccount(options.storageAccount);
  const paths = new DataPaths(options.datastores, options.allowedRoots ?? [], account);
  const artifactRoot = paths.root("workspaceartifactstore");
  const artifacts = account ? new BlobArtifacts(account, artifactRoot) : localArtifacts(artifactRoot);
  const python = options.python ?? "python3";
  const environments = new Environments(
    stateFolder,
    { python, pipArguments: options.pipArguments ?? [], defaultImage: options.defaultImage },
    machineEnvironment,
  );
  const notifierSettings = { sink: options.eventSink, workspace, holdMilliseconds: options.eventHoldMilliseconds ?? 75, log };
  const notifier = new RunStatusNotifier(records, notifierSettings);
  const parts = {
    journal,
    records,
    notifier,
    queue: new JobQueue(),
    environments,
    folders: new JobFolders(stateFolder),
    paths,
    artifacts,
    leftovers: new Leftovers(),
    launcher: new Launcher(stateFolder),
    logLimit: new LogLimit(options.logLimitBytes ?? DEFAULT_LOG_LIMIT_BYTES, python),
  };
  const runner = new JobRunner(parts, {
    workspace,
    machine: machineEnvironment,
    environmentOf: (job) => assetById({ workspace, assets }, "environments", job.environmentId) ?? {},
    snapshotOf: (job) => snapshotOf(job, { workspace, assets, paths }),
    clusterOf: (job) => namesInId(workspace, job.computeId ?? "", "computes")?.[0] ?? "",
    cancelGraceMilliseconds: options.cancelGraceMilliseconds ?? 10_000,
    preemptionGraceMilliseconds: options.preemptionGraceMilliseconds ?? 1_000,
    clock,
    log,
  });
  const schemas = new RequestSchemas();
  const service: Service = { workspace, journal, assets, computes, jobs: records, runner, paths, artifacts, schemas, clock, log };
  const server = new AzureMlServer(service, options, new FaultPlan(options.faults));

  return {
    handle: (request, response) => server.handle(request, response),
    start: async () => {
      await Promise.all([environments.start(), parts.launcher.waitForPredecessor()]);
      for (const { name, properties } of computes.list()) runner.resize(name, maximumNodes(properties));
      runner.start();
      notifier.start();
      server.open();
      setImmediate(() => void schemas.warm(["Jobs_CreateOrUpdate", "CodeVersions_CreateOrUpdate", "EnvironmentVersions_CreateOrUpdate"]));
    },
    startWaiting: () => runner.startWaiting(),
    stop: async ({ preempt }) => {
      server.close();
      await runner.stop(preempt);
      notifier.stop();
      journal.close();
    },
    liveJobs: () => records.open().filter(({ state }) => !isTerminal(state.status)).length,
  };
}

function snapshotOf(job: CommandJob, service: Pick<Service, "workspace" | "assets" | "paths">): DataPlace | undefined {
  if (!job.codeId) return undefined;
  const uri = assetById(service, "codes", job.codeId)?.codeUri;
  return uri ? service.paths.place(uri, "codeUri") : undefined;
}
