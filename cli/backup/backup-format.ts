import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../sdk/user-error.ts";
import { STATE_VERSION } from "../../shared/api/workspace-file.ts";

/**
 * A backup is a folder: `backup.json`, the list `files.jsonl` with a {@link BackedUpFile} on each line, and below `state/` the files of the state
 * folder by their paths there. It holds no keys and no tokens: {@link BackedUpConfig} leaves them out, and a restored workspace gets new ones.
 */
export const BACKUP_FILE = "backup.json";
export const LIST_FILE = "files.jsonl";
export const STATE = "state";
/** Of the state folder. */
export const CONFIG_FILE = "config.json";
export const DATABASE = join("app", "penstock.db");

/** The newest that this release can read. */
export const FORMAT = 1;
/** The database's `user_version`; the schema is the app's own, so a test holds the two together. */
export const DATABASE_VERSION = 1;

export const BackupInfo = z.object({
  format: z.int(),
  /** Of the Penstock that made it. */
  version: z.string(),
  createdAt: z.iso.datetime(),
  stateVersion: z.int(),
  databaseVersion: z.int(),
  files: z.int(),
  bytes: z.int(),
  /** Of the list, so that a cut one is noticed. */
  listSha256: z.string(),
});
export type BackupInfo = z.infer<typeof BackupInfo>;

/** `path` is below the state folder, `/` between parts. A symbolic link has its target instead of a content. */
export const BackedUpFile = z.union([
  z.object({ path: z.string(), size: z.int(), sha256: z.string() }),
  z.object({ path: z.string(), link: z.string() }),
]);
export type BackedUpFile = z.infer<typeof BackedUpFile>;

/** A workspace's configuration without what is secret, and without the ports, which the workspace it was taken of may go on to use. */
export const BackedUpConfig = z
  .looseObject({ stateVersion: z.int(), storage: z.enum(["local", "azurite"]).default("local") })
  .transform(({ clientSecret: _, stepTokenKey: _key, storageKey: _account, ...open }) => open)
  .transform(({ port: _, standInsPort: _standIns, azuritePort: _azurite, ...kept }) => kept);

/** @throws {UserError} it is no backup, or not one that this release can read. */
export async function readBackupInfo(folder: string): Promise<BackupInfo> {
  const file = join(folder, BACKUP_FILE);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserError("not-found", `${folder} is not a backup: ${file} cannot be read`, {
      remedy: "name the folder that `penstock backup` made",
      cause,
    });
  });
  const info = BackupInfo.safeParse(parseJson(text));
  if (!info.success) throw damaged(folder, `${BACKUP_FILE} is not as it should be`);
  const { format, version, stateVersion, databaseVersion } = info.data;
  if (format > FORMAT || stateVersion > STATE_VERSION || databaseVersion > DATABASE_VERSION)
    throw new UserError("conflict", `${folder} was made by a newer Penstock (${version})`, {
      remedy: "update Penstock, then restore it",
    });
  return info.data;
}

export function damaged(folder: string, what: string): UserError {
  return new UserError("conflict", `the backup ${folder} is damaged: ${what}`, { remedy: "use another backup" });
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
