import type { BigIntStats } from "node:fs";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { logLine } from "../log-line.ts";
import { type BlobFile, blobFile, isHidden } from "./blob-file.ts";
import { scan, statOf } from "./container-scan.ts";
import { EventDelivery } from "./event-delivery.ts";
import type { Container } from "./event-grid.ts";
import { FolderWatch } from "./folder-watch.ts";
import { SettlingFiles } from "./settling-files.ts";
import { StorageRecords } from "./storage-records.ts";

export interface StorageOptions {
  /** Holds `storage.db`. One server per folder. */
  readonly stateFolder: string;
  readonly container: Container;
  /** The app's webhook for `BlobCreated`. */
  readonly eventUrl: string;
  /** What goes along with each event, e.g. a key. */
  readonly eventHeaders?: Readonly<Record<string, string>>;
  /** How long a file must be unchanged before it counts as written; default 300 ms. */
  readonly quietMs?: number;
  readonly now?: () => number;
  readonly log?: (message: string) => void;
}

/** Watches the folder of one container and reports each blob once per content, as Event Grid does for a storage account. */
export interface Storage {
  /** Finds what changed while it was off, then watches; resolves when that is done. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The system may drop notices in a burst; after so many, all is looked through once it is over. */
const BURST = 4_096;
const RESCAN_MS = 300_000;
/** The same when a folder could not be watched; longer where looking through all takes so long that it would be a burden. */
const BLIND_RESCAN_MS = 5_000;
const BLIND_SHARE = 1 / 20;

export function createStorage(options: StorageOptions): Storage {
  mkdirSync(options.stateFolder, { recursive: true, mode: 0o700 });
  mkdirSync(options.container.folder, { recursive: true });
  return new ContainerWatch(options, new StorageRecords(join(options.stateFolder, "storage.db")));
}

class ContainerWatch implements Storage {
  private readonly root: string;
  private readonly quietMs: number;
  private readonly now: () => number;
  private readonly log: (message: string) => void;
  private readonly records: StorageRecords;
  private readonly delivery: EventDelivery;
  private readonly watch: FolderWatch;
  private readonly settling: SettlingFiles;
  private timer: NodeJS.Timeout | undefined;
  private noticed = 0;
  private blind = false;
  private stopped = false;
  /** What is under way, which `stop` waits for: the scan, or one turn of settled files. */
  private work: Promise<unknown> = Promise.resolve();

  constructor(options: StorageOptions, records: StorageRecords) {
    const { container, eventUrl, eventHeaders = {}, now = Date.now, log = logLine } = options;
    this.root = container.folder;
    this.quietMs = options.quietMs ?? 300;
    this.now = now;
    this.log = log;
    this.records = records;
    this.delivery = new EventDelivery(records, { container, url: eventUrl, headers: eventHeaders, now, log });
    this.watch = new FolderWatch(this.root, (path) => this.notice(path));
    this.settling = new SettlingFiles(this.quietMs, (paths) => this.inTurn(() => this.lookAt(paths)));
  }

  async start(): Promise<void> {
    this.delivery.start();
    await this.rescan();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.settling.stop();
    this.watch.close();
    this.delivery.stop();
    await this.work;
    this.records.close();
  }

  private notice(path: string): void {
    this.noticed++;
    if (path !== "" && !isHidden(path)) this.settling.touch(path);
  }

  /** Looks at paths that have been quiet: a file is noted, a folder gone through, one that is gone let go. */
  private async lookAt(paths: readonly string[]): Promise<void> {
    const found: BlobFile[] = [];
    const stats = await Promise.all(paths.map((path) => statOf(this.root, path)));
    for (const [index, path] of paths.entries()) {
      const one = stats[index];
      if (one?.isFile()) this.sort(path, one, found);
      else if (one?.isDirectory()) await this.goThrough(path, found);
      else if (!one) this.watch.remove(path);
    }
    this.note(found);
    if (this.noticed > BURST) this.rescanAfter(2 * this.quietMs);
  }

  /** Goes through a folder, watching each; the root's state decides what is news. @returns Paths of all files seen. */
  private async goThrough(path: string, found: BlobFile[]): Promise<Set<string>> {
    const seen = new Set<string>();
    await scan(this.root, path, {
      isStopped: () => this.stopped,
      folder: (folder, inode) => this.watchFolder(folder, inode),
      file: (file, stats) => {
        seen.add(file);
        this.sort(file, stats, found);
        if (found.length >= 512) this.note(found.splice(0));
      },
    });
    return seen;
  }

  /** A file that was written to within the quiet time may still be under way. */
  private sort(path: string, stats: BigIntStats, found: BlobFile[]): void {
    const file = blobFile(path, stats);
    if (this.records.isKnown(file)) return;
    const age = this.now() - Number(stats.mtimeMs);
    if (age >= 0 && age < this.quietMs) this.settling.touch(path);
    else found.push(file);
  }

  private note(files: readonly BlobFile[]): void {
    if (this.stopped || files.length === 0) return;
    if (this.records.note(files, new Date(this.now()).toISOString()) > 0) this.delivery.wake();
  }

  private watchFolder(folder: string, inode: bigint): void {
    if (this.stopped) return;
    try {
      this.watch.add(folder, inode);
    } catch (error) {
      if (!this.blind)
        this.log(
          `Folder ${join(this.root, folder)} cannot be watched (${(error as NodeJS.ErrnoException).code}); it is looked through now and then. On Linux, raise fs.inotify.max_user_watches.`,
        );
      this.blind = true;
    }
  }

  /** Looks through all, and forgets what is gone. */
  private rescan(): Promise<void> {
    return this.inTurn(async () => {
      this.noticed = 0;
      const began = performance.now();
      const found: BlobFile[] = [];
      const seen = await this.goThrough("", found);
      this.note(found);
      if (!this.stopped) this.records.forget(this.records.paths().filter((path) => !seen.has(path)));
      const burden = (performance.now() - began) / BLIND_SHARE;
      this.rescanAfter(this.blind ? Math.max(BLIND_RESCAN_MS, burden) : RESCAN_MS);
    });
  }

  private rescanAfter(ms: number): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => void this.rescan(), ms).unref();
  }

  /** One thing after another; what goes wrong is logged, and the next look finds what was missed. */
  private inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.work
      .then(() => (this.stopped ? undefined : act()))
      .catch((error: unknown) => {
        this.log(`The datastore's folder could not be looked through: ${error}`);
        this.rescanAfter(BLIND_RESCAN_MS);
      });
    this.work = turn;
    return turn;
  }
}
