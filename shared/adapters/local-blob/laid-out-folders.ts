import { mkdir, rename, rm } from "node:fs/promises";
import { isSafeRelativePath } from "../../domain/ids.ts";
import type { BlobRef, LayoutFile } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { errnoOf } from "./file-error.ts";
import { isLaidOut, sourceKey, writeLayout } from "./lay-out.ts";
import type { Places } from "./places.ts";
import type { Staging } from "./staging.ts";

/**
 * Folders made of ranges of blobs. Nothing of them is synced, which for 10,000 files would take longer than all the rest: instead each is checked
 * byte by byte when a process first meets it, and made anew if a crash of the machine, or a hand, left it otherwise.
 */
export class LaidOutFolders {
  readonly #places: Places;
  readonly #staging: Staging;
  readonly #checked = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(places: Places, staging: Staging) {
    this.#places = places;
    this.#staging = staging;
  }

  /** Returns once the folder is there, whole. Callers that want the same folder share the work. */
  ensure(folder: BlobRef, files: readonly LayoutFile[]): Promise<void> {
    const key = this.#places.plain(folder);
    const running = this.#running.get(key) ?? this.#ensure(folder, files, key).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  async #ensure(folder: BlobRef, files: readonly LayoutFile[], key: string): Promise<void> {
    const there = await this.#places.existing(folder);
    if (there !== undefined && (this.#checked.has(key) || (await isLaidOut(there, files)))) {
      this.#checked.add(key);
      return;
    }
    await this.#make(folder, files, there);
    this.#checked.add(key);
  }

  async #make(folder: BlobRef, files: readonly LayoutFile[], damaged: string | undefined): Promise<void> {
    for (const { path } of files) {
      if (!isSafeRelativePath(path)) throw new StoreError("invalid-key", `${JSON.stringify(path)} is not a path below a folder`);
    }
    const sources = await this.#sources(files);
    const temporary = this.#staging.temporary();
    const discarded = this.#staging.temporary();
    try {
      await mkdir(temporary);
      await writeLayout(temporary, files, sources);
      const { file } = await this.#places.forWriting(folder);
      if (damaged !== undefined) await rename(damaged, discarded);
      await rename(temporary, file).catch((error: unknown) => {
        // Another process was faster, with the same files.
        if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
      });
    } finally {
      for (const left of [temporary, discarded]) await rm(left, { recursive: true, force: true });
    }
  }

  async #sources(files: readonly LayoutFile[]): Promise<Map<string, string>> {
    const sources = new Map<string, string>();
    for (const file of files) {
      const key = sourceKey(file);
      if (sources.has(key)) continue;
      const path = await this.#places.existing(file.from);
      if (path === undefined)
        throw new StoreError("corrupt", `${key}, which holds the bytes of ${file.path}, is gone; restore a backup or upload it again`);
      sources.set(key, path);
    }
    return sources;
  }
}
