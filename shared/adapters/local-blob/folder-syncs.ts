import { open } from "node:fs/promises";
import { isAbsent, toStoreError } from "./file-error.ts";

/** Folders whose entries changed and are not yet on disk; any number of changes and waiters share one round of fsync. */
export class FolderSyncs {
  #dirty = new Set<string>();
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  mark(folders: Iterable<string>): void {
    for (const folder of folders) this.#dirty.add(folder);
  }

  /** Resolves when every change marked so far is on disk. */
  durable(): Promise<void> {
    if (this.#dirty.size === 0) return this.#running ?? Promise.resolve();
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  async #afterRunning(): Promise<void> {
    await this.#running?.catch(() => undefined); // told to those who waited for it
    this.#next = undefined;
    const round = this.#syncAll();
    this.#running = round;
    try {
      await round;
    } finally {
      if (this.#running === round) this.#running = undefined;
    }
  }

  async #syncAll(): Promise<void> {
    const folders = [...this.#dirty];
    this.#dirty.clear();
    const results = await Promise.allSettled(folders.map(syncFolder));
    const failed = results.findIndex((result) => result.status === "rejected");
    if (failed === -1) return;
    this.mark(folders.filter((_, i) => results[i]?.status === "rejected"));
    throw toStoreError((results[failed] as PromiseRejectedResult).reason, folders[failed] ?? "");
  }
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!isAbsent(error)) throw error; // a folder that is gone has nothing to keep
  }
}
