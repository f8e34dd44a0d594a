import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CommandJob, isTerminal } from "../../../../local/clouds/azureml/contract.ts";
import { Environments } from "../../../../local/clouds/azureml/environments/environments.ts";
import { localArtifacts } from "../../../../local/clouds/azureml/jobs/artifacts.ts";
import { DataPaths } from "../../../../local/clouds/azureml/jobs/data-paths.ts";
import { JobFolders } from "../../../../local/clouds/azureml/jobs/job-folders.ts";
import { JobQueue } from "../../../../local/clouds/azureml/jobs/job-queue.ts";
import { JobRunner } from "../../../../local/clouds/azureml/jobs/job-runner.ts";
import { Launcher } from "../../../../local/clouds/azureml/jobs/launcher.ts";
import { Leftovers } from "../../../../local/clouds/azureml/jobs/leftovers.ts";
import { LogLimit } from "../../../../local/clouds/azureml/jobs/log-limit.ts";
import { RunStatusNotifier } from "../../../../local/clouds/azureml/jobs/run-status-notifier.ts";
import { JobRecords } from "../../../../local/clouds/azureml/store/job-records.ts";
import { Journal } from "../../../../local/clouds/azureml/store/journal.ts";
import { COORDINATES, TestFolders } from "./workspace.ts";

describe("a job that gets its node after its submit and before the answer to it", () => {
  let folders: TestFolders;
  let launcher: Launcher;
  let journal: Journal;
  let runner: JobRunner;
  beforeEach(async () => {
    folders = new TestFolders();
    mkdirSync(folders.state);
    journal = new Journal(join(folders.state, "azureml.db"), () => undefined);
    launcher = new Launcher(folders.state);
    runner = aRunner(folders, journal, launcher);
    runner.start();
  });
  afterEach(async () => {
    await runner.stop(true);
    journal.close();
    folders.remove();
  });

  test("is launched once", async () => {
    const launch = vi.spyOn(launcher, "launch");
    const count = join(folders.root, "count");
    const job = await vi.waitFor(() => queued(runner, `echo ran >> ${count}`));

    runner.resize("cluster", 1);
    await journal.durable(); // as the answer to its submit does
    runner.begin(job);
    await vi.waitFor(() => expect(isTerminal(job.state.status)).toBe(true), 10_000);

    expect(job.state).toMatchObject({ status: "Completed", launch: 1 });
    expect(launch).toHaveBeenCalledTimes(1);
    expect(existsSync(count) && readFileSync(count, "utf8")).toBe("ran\n");
  });
});

/** Stores a job that waits for a node. @throws {Error} as long as its environment is not known yet. */
function queued(runner: JobRunner, command: string) {
  const properties = { jobType: "Command", command, environmentId: "environment" } as CommandJob;
  const job = runner.submit(`job-${Math.random().toString(36).slice(2)}`, properties);
  if (job.state.status !== "Queued") throw new Error(`it is ${job.state.status}`);
  return job;
}

function aRunner(folders: TestFolders, journal: Journal, launcher: Launcher): JobRunner {
  const records = new JobRecords(journal);
  const log = () => undefined;
  const environments = new Environments(folders.state, { python: "python3", pipArguments: [] }, env);
  return new JobRunner(
    {
      journal,
      records,
      launcher,
      environments,
      notifier: new RunStatusNotifier(records, { sink: undefined, workspace: COORDINATES, holdMilliseconds: 0, log }),
      queue: new JobQueue(),
      folders: new JobFolders(folders.state),
      paths: new DataPaths({ workspaceblobstore: folders.blobs, workspaceartifactstore: folders.artifacts }, []),
      artifacts: localArtifacts(folders.artifacts),
      leftovers: new Leftovers(),
      logLimit: new LogLimit(1024 * 1024, "python3"),
    },
    {
      workspace: COORDINATES,
      machine: env,
      environmentOf: () => ({}),
      snapshotOf: () => undefined,
      clusterOf: () => "cluster",
      cancelGraceMilliseconds: 1_000,
      preemptionGraceMilliseconds: 100,
      clock: () => new Date(),
      log,
    },
  );
}
