import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

export const LOG_FOLDERS = ["azureml-logs", "user_logs"];

/**
 * Where Azure ML keeps what a run leaves: its logs, and the files of `./outputs` and `./logs`. While a job runs they are files of this machine,
 * since its process writes its log itself.
 */
export interface Artifacts {
  /** Of this machine. */
  folder(job: string): string;
  /** Brings what has come to the logs since to where they are kept. To be called now and then. */
  sync(job: string): Promise<void>;
  /** Brings everything there. To be called when nobody writes any more; may be done again when it was cut short. */
  keep(job: string): Promise<void>;
  /** Forgets what is kept elsewhere. */
  release(job: string): Promise<void>;
  /** URL of each log, by its path. */
  logs(job: string): Promise<Record<string, string>>;
}

/** Path of a run's artifacts in the artifact datastore. */
export function artifactPath(job: string): string {
  return `ExperimentRun/dcid.${job}`;
}

/** Artifacts that stay in a folder of this machine: there is nothing to bring anywhere. */
export function localArtifacts(root: string): Artifacts {
  const folder = (job: string) => join(root, artifactPath(job));
  return {
    folder,
    sync: async () => undefined,
    keep: async () => undefined,
    release: async () => undefined,
    logs: async (job) => Object.fromEntries(logFiles(folder(job)).map(({ path, file }) => [path, pathToFileURL(file).href])),
  };
}

export function logFiles(folder: string): { path: string; file: string }[] {
  return LOG_FOLDERS.map((name) => join(folder, name))
    .filter((logs) => statSync(logs, { throwIfNoEntry: false })?.isDirectory())
    .flatMap((logs) => readdirSync(logs).map((name) => join(logs, name)))
    .filter((file) => !file.endsWith(".partial"))
    .map((file) => ({ path: relative(folder, file), file }));
}
