import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { FileStat } from "./walk-folder.ts";

/**
 * How far back a file must have changed for its times to vouch for it, in ms. A file written again within one tick of its file system's
 * clock keeps its times: git calls such an entry racily clean. The clock of a file server may differ a little as well.
 */
const SETTLED_MS = 1000;

/** Raised when what an entry says changes its meaning. */
const VERSION = 1;

/** The entries are checked one by one as they are used: a schema over ten thousand of them costs more than all else. */
const Stored = z.object({
  version: z.literal(VERSION),
  folder: z.string(),
  snapshotId: z.string().optional(),
  entries: z.custom<Record<string, unknown>>((value) => typeof value === "object" && value !== null),
});
type Stored = z.infer<typeof Stored>;

/**
 * Hashes of files by path, mode, size, inode and times, so that an unchanged folder need not be read again. One file a folder, only its
 * owner's; one that cannot be read or written costs time and nothing else.
 */
export class HashCache {
  private readonly path: string;
  private readonly folder: string;
  private readonly startedAt: number;
  private readonly known: Stored | undefined;
  private readonly hits: string[] = [];
  private readonly fresh: [path: string, entry: string][] = [];
  private misses = 0;

  constructor(folder: string, cacheFolder: string, now: number) {
    this.folder = folder;
    this.path = join(cacheFolder, `${createHash("sha256").update(folder).digest("hex").slice(0, 32)}.json`);
    this.startedAt = now;
    this.known = load(this.path, folder);
  }

  /** The hash this very file had when it was last read, or undefined. */
  get(path: string, stat: FileStat): string | undefined {
    const entry = this.known && Object.hasOwn(this.known.entries, path) ? this.known.entries[path] : undefined;
    const key = keyOf(stat);
    if (typeof entry !== "string" || !entry.startsWith(key)) {
      this.misses++;
      return undefined;
    }
    this.hits.push(path);
    return entry.slice(key.length);
  }

  /** Keeps the hash of a file for the next time, unless the file is too fresh for its times to say anything. */
  set(path: string, stat: FileStat, sha256: string): void {
    if (Math.max(stat.mtimeMs, stat.ctimeMs) <= this.startedAt - SETTLED_MS) this.fresh.push([path, keyOf(stat) + sha256]);
  }

  /** Id of the snapshot that was made of these very files the last time; undefined when anything differs. */
  get snapshotId(): string | undefined {
    return this.misses === 0 && this.hits.length === this.knownCount ? this.known?.snapshotId : undefined;
  }

  save(snapshotId: string): void {
    if (this.misses === 0 && this.hits.length === this.knownCount) return;
    const entries = Object.fromEntries([...this.hits.map((path) => [path, this.known?.entries[path]]), ...this.fresh]);
    const stored: Stored = { version: VERSION, folder: this.folder, snapshotId, entries };
    const temporary = `${this.path}.${randomUUID()}`;
    try {
      mkdirSync(join(this.path, ".."), { recursive: true, mode: 0o700 });
      writeFileSync(temporary, JSON.stringify(stored), { mode: 0o600 });
      renameSync(temporary, this.path);
    } catch {
      // A read-only home or a full disk must not stop a submit: the next one hashes again.
    }
  }

  private get knownCount(): number {
    return Object.keys(this.known?.entries ?? {}).length;
  }
}

/** The folder for such caches: below XDG_CACHE_HOME or ~/.cache. */
export function defaultCacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "penstock", "hashes");
}

/** Milliseconds with their fraction: a double holds the times of this century to a quarter of a microsecond. */
function keyOf(stat: FileStat): string {
  return `${stat.mode} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs} ${stat.ino} `;
}

function load(path: string, folder: string): Stored | undefined {
  try {
    const stored = Stored.parse(JSON.parse(readFileSync(path, "utf8")));
    return stored.folder === folder ? stored : undefined;
  } catch {
    return undefined;
  }
}
