import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { isSafeRelativePath } from "../shared/domain/ids.ts";
import { type IsIgnored, isNeverKept } from "./ignore-rules.ts";

/** A file found below a folder. */
export interface FoundFile {
  /** Below the folder, `/` between parts. */
  readonly path: string;
  readonly stat: FileStat;
}

/** What is kept of a file's `Stats`, whose objects are large: ten thousand of them would cost more than reading them. */
export type FileStat = Pick<Stats, "mode" | "size" | "mtimeMs" | "ctimeMs" | "ino">;

export interface Walked {
  readonly files: readonly FoundFile[];
  /** What cannot be part of a snapshot, a sentence each. */
  readonly problems: readonly string[];
  /** Pipes, sockets and devices, which are passed over. */
  readonly skipped: readonly string[];
  /** Whether the walk was ended early because there was no end to the files. */
  readonly endless: boolean;
}

/** Files after which a walk gives up: five times what any snapshot may hold would not change the answer. */
const MAX_FILES = 100_000;

/**
 * Finds the files of a folder that its rules keep, folder by folder. Symbolic links are followed as long as they stay inside the folder;
 * one that leaves it, or leads nowhere, is a problem. Reads are synchronous: for many small files that is three times as fast.
 */
export function walkFolder(folder: string, isIgnored: IsIgnored, exclude: readonly string[] = [], maxFiles = MAX_FILES): Walked {
  const walker = new Walker(realpathSync(folder), isIgnored, new Set(exclude.map(realOrSame)), maxFiles);
  walker.walk(walker.root, "", [walker.root]);
  return { files: walker.files, problems: walker.problems, skipped: walker.skipped, endless: walker.files.length > maxFiles };
}

class Walker {
  readonly files: FoundFile[] = [];
  readonly problems: string[] = [];
  readonly skipped: string[] = [];
  readonly root: string;
  private readonly isIgnored: IsIgnored;
  private readonly exclude: ReadonlySet<string>;
  private readonly maxFiles: number;

  constructor(root: string, isIgnored: IsIgnored, exclude: ReadonlySet<string>, maxFiles: number) {
    this.root = root;
    this.isIgnored = isIgnored;
    this.exclude = exclude;
    this.maxFiles = maxFiles;
  }

  /** `open` holds the real folders on the way here, so that links in a circle end. */
  walk(folder: string, prefix: string, open: readonly string[]): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (this.files.length > this.maxFiles) return;
      const path = prefix + entry.name;
      const full = `${folder}${sep}${entry.name}`;
      if (entry.isDirectory()) this.enter(full, path, open);
      else if (this.isIgnored(path)) continue;
      else if (entry.isFile()) this.file(full, path);
      else if (entry.isSymbolicLink()) this.link(full, path, open);
      else this.skipped.push(path);
    }
  }

  private enter(full: string, path: string, open: readonly string[]): void {
    if (!this.isIgnored(`${path}/`) && !this.exclude.has(full)) this.walk(full, `${path}/`, [...open, full]);
  }

  private file(full: string, path: string): void {
    const stat = lstatSync(full, { throwIfNoEntry: false });
    if (!stat) this.problems.push(`${JSON.stringify(path)} is gone, or its name is not UTF-8`);
    else this.keep(path, stat);
  }

  private link(full: string, path: string, open: readonly string[]): void {
    const target = realOrUndefined(full);
    const refusal = target === undefined ? "that leads nowhere" : this.refuseTarget(target, open);
    if (target === undefined || refusal !== undefined) {
      this.problems.push(`${JSON.stringify(path)} is a symbolic link ${refusal}`);
      return;
    }
    const stat = statSync(target);
    if (stat.isFile()) this.keep(path, stat);
    else if (!stat.isDirectory()) this.skipped.push(path);
    else if (!this.isIgnored(`${path}/`)) this.walk(target, `${path}/`, [...open, target]);
  }

  private refuseTarget(target: string, open: readonly string[]): string | undefined {
    const inside = relative(this.root, target);
    if (inside === ".." || inside.startsWith(`..${sep}`)) return `out of the folder, to ${target}`;
    if (isNeverKept(inside.split(sep).join("/"))) return `to ${inside}, which is never uploaded`;
    return open.includes(target) ? "to a folder it lies in" : undefined;
  }

  private keep(path: string, stat: Stats): void {
    if (isSafeRelativePath(path) && path.length <= 1024) {
      const { mode, size, mtimeMs, ctimeMs, ino } = stat;
      this.files.push({ path, stat: { mode, size, mtimeMs, ctimeMs, ino } });
    } else
      this.problems.push(
        `${JSON.stringify(path)} cannot be the name of a file on every machine (a backslash, a control character, or over 1,024 characters)`,
      );
  }
}

function realOrUndefined(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function realOrSame(path: string): string {
  return realOrUndefined(path) ?? join(path);
}
