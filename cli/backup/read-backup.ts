import { createHash, randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import type { Terminal } from "../terminal.ts";
import {
  BackedUpConfig,
  BackedUpFile,
  type BackupInfo,
  CONFIG_FILE,
  DATABASE,
  damaged,
  LIST_FILE,
  parseJson,
  STATE,
} from "./backup-format.ts";
import { copyFile } from "./copy-file.ts";
import { checkDatabase } from "./database.ts";
import { inParallel } from "./in-parallel.ts";
import { CopyProgress } from "./progress.ts";

const AT_ONCE = 16;

/** Fills a state folder from a backup, comparing every byte with what was backed up. @throws {UserError} something is missing or not as it was. */
export async function readBackup(backup: string, info: BackupInfo, stateFolder: string, err: Terminal, signal: AbortSignal): Promise<void> {
  const files = await readList(backup, info);
  const progress = new CopyProgress(err, files.length);
  try {
    await inParallel(files, AT_ONCE, async (file) => {
      signal.throwIfAborted();
      await restoreFile(backup, file, stateFolder, progress);
      progress.copied();
    });
  } finally {
    progress.end();
  }
  try {
    checkDatabase(join(stateFolder, DATABASE));
  } catch (error) {
    throw damaged(backup, String(error));
  }
  await renewSecrets(join(stateFolder, CONFIG_FILE));
}

async function readList(backup: string, info: BackupInfo): Promise<BackedUpFile[]> {
  const text = await readFile(join(backup, LIST_FILE), "utf8").catch(() => "");
  if (createHash("sha256").update(text).digest("hex") !== info.listSha256) throw damaged(backup, `${LIST_FILE} is not as it was`);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => BackedUpFile.parse(parseJson(line)));
}

async function restoreFile(backup: string, file: BackedUpFile, stateFolder: string, progress: CopyProgress): Promise<void> {
  const { path } = file;
  if (normalize(path).startsWith("..") || path.startsWith("/")) throw damaged(backup, `${JSON.stringify(path)} leads out of it`);
  const copied = await copyFile(path, join(backup, STATE), stateFolder, (count) => progress.add(count)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") throw damaged(backup, `${STATE}/${path} is missing`);
      throw error;
    },
  );
  if (JSON.stringify(copied) !== JSON.stringify(file)) throw damaged(backup, `${STATE}/${path} is not as it was`);
}

/** What a backup does not hold. No token of the workspace that it was taken of opens the restored one. */
async function renewSecrets(file: string): Promise<void> {
  const secret = () => randomBytes(32).toString("base64url");
  const kept = BackedUpConfig.parse(parseJson(await readFile(file, "utf8"))); // an earlier release left a port in it
  const config = { ...kept, clientSecret: secret(), stepTokenKey: secret() };
  await rm(file);
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flush: true });
}
