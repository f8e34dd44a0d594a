import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../sdk/user-error.ts";
import { STATE_VERSION } from "../../shared/api/workspace-file.ts";
import type { Terminal } from "../terminal.ts";
import { readVersion } from "../version.ts";
import { AZURITE_LOCK } from "./azurite-lock.ts";
import {
  BACKUP_FILE,
  BackedUpConfig,
  type BackedUpFile,
  type BackupInfo,
  CONFIG_FILE,
  DATABASE,
  FORMAT,
  LIST_FILE,
  parseJson,
  STATE,
} from "./backup-format.ts";
import { copyFile } from "./copy-file.ts";
import { copyDatabase } from "./database.ts";
import { inParallel } from "./in-parallel.ts";
import { listFiles } from "./list-files.ts";
import { CopyProgress } from "./progress.ts";

/** Most of the time is spent on waiting for the disk. */
const AT_ONCE = 16;
/**
 * Uploads that nobody has committed, and files on their way to their place; and a lock, which this process holds and would lose by closing the file.
 */
const NOT_COPIED = ["datastores/.staging", AZURITE_LOCK];

export interface BackupPlace {
  readonly stateFolder: string;
  /** Where it is made. */
  readonly partial: string;
  /** What that becomes, which is what messages name. */
  readonly folder: string;
}

/**
 * Fills a backup's folder from a state folder, in which a workspace may run. The database comes first and the blobs second: blobs are there before
 * anything refers to them and stay, so that what the copy of the database knows is among the blobs copied later. The state of the host and of the
 * stand-ins is left out: orchestrations are taken up again from the database, and jobs belong to the processes of the workspace they run in.
 */
export async function writeBackup(
  { stateFolder, partial: backup, folder }: BackupPlace,
  err: Terminal,
  signal: AbortSignal,
): Promise<BackupInfo> {
  const config = await readConfig(stateFolder);
  const state = join(backup, STATE);
  await mkdir(dirname(join(state, DATABASE)), { recursive: true, mode: 0o700 });
  const databaseVersion = await copyDatabase(join(stateFolder, DATABASE), join(state, DATABASE), folder);
  await writeFile(join(state, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flush: true });
  const blobs = config.storage === "azurite" ? "azurite" : "datastores";
  const paths = await listFiles(stateFolder, blobs, (path) => NOT_COPIED.includes(path));
  const files = await copyAll(paths, stateFolder, state, err, signal);
  for (const path of [DATABASE, CONFIG_FILE]) files.push(await describe(state, path));
  return await writeLists(backup, files, { stateVersion: config.stateVersion, databaseVersion });
}

async function readConfig(stateFolder: string) {
  const file = join(stateFolder, CONFIG_FILE);
  const config = BackedUpConfig.safeParse(parseJson(await readFile(file, "utf8")));
  if (!config.success)
    throw new UserError("conflict", `${file} is not a workspace's configuration`, { remedy: "name the state folder with --state" });
  if (config.data.stateVersion > STATE_VERSION)
    throw new UserError("conflict", `the state folder ${stateFolder} was written by a newer Penstock`, { remedy: "update Penstock" });
  return config.data;
}

async function copyAll(paths: readonly string[], from: string, to: string, err: Terminal, signal: AbortSignal): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = [];
  const progress = new CopyProgress(err, paths.length);
  try {
    await inParallel(paths, AT_ONCE, async (path) => {
      signal.throwIfAborted();
      const copied = await copyFile(path, from, to, (count) => progress.add(count)).catch(unlessGone);
      if (copied) files.push(copied);
      progress.copied();
    });
  } finally {
    progress.end();
  }
  return files;
}

/** Files of users, and temporary ones of scripts, come and go. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function describe(state: string, path: string): Promise<BackedUpFile> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const bytes of createReadStream(join(state, path))) {
    hash.update(bytes);
    size += bytes.length;
  }
  return { path, size, sha256: hash.digest("hex") };
}

async function writeLists(
  backup: string,
  files: readonly BackedUpFile[],
  versions: { stateVersion: number; databaseVersion: number },
): Promise<BackupInfo> {
  const list = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map((file) => `${JSON.stringify(file)}\n`)
    .join("");
  const info: BackupInfo = {
    format: FORMAT,
    version: readVersion(),
    createdAt: new Date().toISOString(),
    ...versions,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + ("size" in file ? file.size : 0), 0),
    listSha256: createHash("sha256").update(list).digest("hex"),
  };
  await writeFile(join(backup, LIST_FILE), list, { mode: 0o600, flush: true });
  await writeFile(join(backup, BACKUP_FILE), `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600, flush: true });
  return info;
}
