import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { canonicalManifest, type SnapshotManifest } from "../shared/domain/snapshot-manifest.ts";
import { HashCache } from "./hash-cache.ts";
import { hashFile } from "./hash-file.ts";
import { readIgnoreRules } from "./ignore-rules.ts";
import { limitError } from "./snapshot-limits.ts";
import { UserError } from "./user-error.ts";
import { type FoundFile, walkFolder } from "./walk-folder.ts";

export interface SnapshotOptions {
  readonly limits: { readonly snapshotBytes: number; readonly snapshotFiles: number };
  /** Where hashes are kept between calls; absent: nowhere. */
  readonly cacheFolder?: string;
  /** Folders that are never looked into, such as a workspace's state. */
  readonly exclude?: readonly string[];
  /** Now, in ms since the epoch. */
  readonly now?: number;
}

/** A folder as a snapshot, not uploaded yet. */
export interface LocalSnapshot {
  readonly folder: string;
  /** sha256 over the canonical manifest. */
  readonly id: string;
  readonly manifest: SnapshotManifest;
  /** Full path of one file with these bytes, by sha256. */
  readonly sources: ReadonlyMap<string, string>;
  /** The ignore file that was used. */
  readonly ignoreFile: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads a folder into a manifest: what its ignore file keeps, links inside it followed.
 * @throws {UserError} `usage` when it holds what a snapshot cannot hold, or more than the workspace allows.
 */
export function readSnapshot(folder: string, options: SnapshotOptions): LocalSnapshot {
  const now = options.now ?? Date.now();
  const { file: ignoreFile, isIgnored } = readIgnoreRules(folder);
  const walked = walkFolder(folder, isIgnored, options.exclude);
  const problems = [...walked.problems, ...caseClashes(walked.files)];
  if (problems.length > 0) throw unfit(folder, problems, ignoreFile);
  const refusal = limitError(folder, walked, options.limits, ignoreFile);
  if (refusal) throw refusal;
  const hashed = hashAll(realpathSync(folder), walked.files, options.cacheFolder, now);
  const warnings = walked.skipped.map((path) => `${join(folder, path)} is a pipe, socket or device and is not part of the snapshot`);
  return { folder, ...hashed, ignoreFile, warnings };
}

function hashAll(root: string, files: readonly FoundFile[], cacheFolder: string | undefined, now: number) {
  const cache = cacheFolder === undefined ? undefined : new HashCache(root, cacheFolder, now);
  const sources = new Map<string, string>();
  const entries = files.map(({ path, stat }) => {
    const full = `${root}/${path}`;
    const known = cache?.get(path, stat);
    const { sha256, size } = known === undefined ? read(full, stat) : { sha256: known, size: stat.size };
    if (known === undefined && size === stat.size) cache?.set(path, stat, sha256);
    sources.set(sha256, full);
    return { path, size, mode: stat.mode & 0o100 ? ("755" as const) : ("644" as const), sha256 };
  });
  entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = { files: entries };
  const id = cache?.snapshotId ?? createHash("sha256").update(canonicalManifest(manifest)).digest("hex");
  cache?.save(id);
  return { id, manifest, sources };
}

function read(path: string, stat: FoundFile["stat"]): { sha256: string; size: number } {
  try {
    return hashFile(path, stat);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("usage", `${path} cannot be read: ${reason}`, {
      remedy: "make it readable or leave it out with .amlignore",
      cause,
    });
  }
}

/** Two names that differ in case only are one file on macOS and Windows. */
function caseClashes(files: readonly FoundFile[]): string[] {
  const seen = new Map<string, string>();
  return files.flatMap(({ path }) => {
    const other = seen.get(path.toLowerCase());
    seen.set(path.toLowerCase(), path);
    return other === undefined ? [] : [`${JSON.stringify(other)} and ${JSON.stringify(path)} differ in upper and lower case only`];
  });
}

function unfit(folder: string, problems: readonly string[], ignoreFile: string | undefined): UserError {
  const shown = problems.slice(0, 20);
  return new UserError("usage", `${folder} cannot be made a snapshot`, {
    details: problems.length > shown.length ? [...shown, `and ${problems.length - shown.length} more`] : shown,
    remedy: `rename or remove these, or leave them out in ${ignoreFile ?? ".amlignore"}`,
  });
}
