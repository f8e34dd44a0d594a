import type { BigIntStats } from "node:fs";
import { type FileHandle, link, lstat, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { isSafeRelativePath } from "../../domain/ids.ts";
import { type BlobInfo, type BlobRef, type BlobStore, type LayoutFile, STAGED_PART_BYTES } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { blobInfo } from "./blob-info.ts";
import { errnoOf, isAbsent, toStoreError } from "./file-error.ts";
import { FolderSyncs } from "./folder-syncs.ts";
import { LaidOutFolders } from "./laid-out-folders.ts";
import { listFiles } from "./list-files.ts";
import { Places } from "./places.ts";
import { readRange } from "./read-range.ts";
import { Staging } from "./staging.ts";
import { watchFile } from "./watch-file.ts";

export interface LocalBlobStoreOptions {
  /** Folder of the datastores' folders; made if it is missing. Unfinished writes lie in `.staging` below it. */
  readonly root: string;
  /** Folder of a datastore that lies elsewhere, on the same disk. Default: `<root>/<datastore>`. */
  readonly datastoreFolder?: (datastore: string) => string;
  /** Whether to take names that differ only in case for one; found out by trying. */
  readonly ignoresCase?: boolean;
}

/**
 * Blobs as files in plain folders, which people and jobs use as well. A blob is on disk before it gets its name, so that no crash shows half of
 * one; the name itself is on disk after `durable`. Only what {@link Places} allows is reached.
 */
export function openLocalBlobStore(options: LocalBlobStoreOptions): BlobStore {
  const staging = new Staging(join(options.root, ".staging"));
  const folderOf = options.datastoreFolder ?? ((datastore: string) => join(options.root, datastore));
  return new LocalBlobStore(new Places(folderOf, options.ignoresCase ?? staging.ignoresCase()), staging);
}

class LocalBlobStore implements BlobStore {
  readonly #places: Places;
  readonly #staging: Staging;
  readonly #syncs = new FolderSyncs();
  readonly #laidOut: LaidOutFolders;

  constructor(places: Places, staging: Staging) {
    this.#places = places;
    this.#staging = staging;
    this.#laidOut = new LaidOutFolders(places, staging);
  }

  write(ref: BlobRef, body: Uint8Array, { createOnly = false } = {}): Promise<BlobInfo | undefined> {
    const fill = (handle: FileHandle) => handle.writeFile(body);
    return this.#put(ref, fill, createOnly ? linkUnlessTaken : replaceBy);
  }

  async stage(ref: BlobRef, upload: string, part: number, body: Uint8Array): Promise<void> {
    if (body.length > STAGED_PART_BYTES) {
      throw new StoreError("too-large", `a part may have ${STAGED_PART_BYTES} bytes, and part ${part} has ${body.length}`);
    }
    await this.#at(ref, () => this.#staging.putPart(ref, upload, part, body));
  }

  commit(ref: BlobRef, upload: string, parts: number): Promise<BlobInfo> {
    return this.#at(ref, async () => {
      const { file, changed } = await this.#places.forWriting(ref);
      const whole = await this.#staging.assemble(ref, upload, parts);
      const info = blobInfo(ref.path, await lstat(whole, { bigint: true }));
      await rename(whole, file);
      this.#syncs.mark(changed);
      await this.#staging.discard(ref, upload);
      return info;
    });
  }

  discard(ref: BlobRef, upload: string): Promise<void> {
    return this.#at(ref, () => this.#staging.discard(ref, upload));
  }

  move(from: BlobRef, to: BlobRef): Promise<BlobInfo> {
    return this.#at(to, async () => {
      const source = await this.#find(from);
      if (!source) throw new StoreError("invalid-key", `there is no blob ${from.path} in datastore ${from.datastore} to move`);
      const { file, changed } = await this.#places.forWriting(to);
      await rename(source.file, file);
      this.#syncs.mark([dirname(source.file), ...changed]);
      return blobInfo(to.path, source.stats);
    });
  }

  layOut(folder: BlobRef, files: readonly LayoutFile[]): Promise<void> {
    return this.#at(folder, () => this.#laidOut.ensure(folder, files));
  }

  async stat(ref: BlobRef): Promise<BlobInfo | undefined> {
    const found = await this.#at(ref, () => this.#find(ref));
    return found && blobInfo(ref.path, found.stats);
  }

  async read(ref: BlobRef, { from = 0, length = Number.POSITIVE_INFINITY } = {}): Promise<Uint8Array | undefined> {
    return this.#at(ref, async () => {
      const file = await this.#places.existing(ref);
      return file === undefined ? undefined : readRange(file, from, length);
    });
  }

  async list(
    datastore: string,
    options: { prefix?: string; after?: string; limit: number; shallow?: boolean },
  ): Promise<{ blobs: BlobInfo[]; next?: string }> {
    const { prefix = "", after, limit, shallow = false } = options;
    const base = await this.#folderOf(datastore, prefix);
    if (base === undefined) return { blobs: [] };
    const folder = this.#places.folder(datastore);
    const blobs: BlobInfo[] = [];
    for await (const { path, isLink } of listFiles(folder, { prefix, after, shallow }, base)) {
      const info = isLink ? await this.#statLink({ datastore, path }) : await statFile(join(folder, path), path);
      if (info && blobs.length === limit) return { blobs, next: blobs.at(-1)?.path ?? "" };
      if (info) blobs.push(info);
    }
    return { blobs };
  }

  async delete(ref: BlobRef): Promise<void> {
    await this.#at(ref, async () => {
      const named = await this.#places.named(ref);
      const there = named && (await lstat(named.file).catch(unlessAbsent));
      if (!there || there.isDirectory()) return;
      await unlink(named.file).catch(unlessAbsent);
      this.#syncs.mark([named.folder]);
    });
  }

  uri(ref: BlobRef): string {
    return pathToFileURL(this.#places.plain(ref)).href;
  }

  async changed(ref: BlobRef, size: number, signal: AbortSignal): Promise<void> {
    let first: string | undefined;
    const isChanged = async () => {
      const info = await this.stat(ref);
      const inode = info?.etag.split("-")[2];
      first ??= inode;
      return info !== undefined && (info.size !== size || inode !== first);
    };
    await watchFile(this.#places.plain(ref), isChanged, signal);
  }

  durable(): Promise<void> {
    return this.#syncs.durable();
  }

  /** Fills a file, has it on disk, and then gives it its name. */
  #put<T extends BlobInfo | undefined>(
    ref: BlobRef,
    fill: (handle: FileHandle) => Promise<unknown>,
    name: (file: string, as: string, info: BlobInfo) => Promise<T>,
  ): Promise<T> {
    return this.#at(ref, async () => {
      const { file, changed } = await this.#places.forWriting(ref);
      const place = async (temporary: string, handle: FileHandle) =>
        name(temporary, file, blobInfo(ref.path, await handle.stat({ bigint: true })));
      const info = await this.#staging.file(fill, { sync: true, place });
      this.#syncs.mark(changed);
      return info;
    });
  }

  async #find(ref: BlobRef): Promise<{ file: string; stats: BigIntStats } | undefined> {
    const file = await this.#places.existing(ref);
    const stats = file === undefined ? undefined : await lstat(file, { bigint: true }).catch(unlessAbsent);
    return file !== undefined && stats?.isFile() ? { file, stats } : undefined;
  }

  /** A link in a listing: one that leads out of the datastore or to a folder is passed over. */
  async #statLink(ref: BlobRef): Promise<BlobInfo | undefined> {
    return this.stat(ref).catch((error: unknown) => {
      if (error instanceof StoreError && error.kind === "invalid-key") return undefined;
      throw error;
    });
  }

  /** Path of the folder from which to look for a prefix, with a slash at its end; undefined when there can be nothing. */
  async #folderOf(datastore: string, prefix: string): Promise<string | undefined> {
    const path = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
    if (path === "") return prefix.startsWith("/") ? undefined : "";
    if (!isSafeRelativePath(path)) return undefined;
    const real = await this.#at({ datastore, path }, () => this.#places.existing({ datastore, path }));
    return real === undefined ? undefined : `${path}/`;
  }

  /** Runs what reaches for a blob; what the file system refuses comes out as a {@link StoreError}. */
  async #at<T>(ref: BlobRef, act: () => Promise<T>): Promise<T> {
    const path = this.#places.plain(ref);
    try {
      return await act();
    } catch (error) {
      throw toStoreError(error, path, JSON.stringify(ref.path));
    }
  }
}

async function replaceBy(file: string, as: string, info: BlobInfo): Promise<BlobInfo> {
  await rename(file, as);
  return info;
}

/** A link, unlike a rename, fails when the name is taken. */
async function linkUnlessTaken(file: string, as: string, info: BlobInfo): Promise<BlobInfo | undefined> {
  try {
    await link(file, as);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" || (await lstat(as)).isDirectory()) throw error;
    return undefined;
  } finally {
    await rm(file, { force: true });
  }
  return info;
}

async function statFile(file: string, path: string): Promise<BlobInfo | undefined> {
  const stats = await lstat(file, { bigint: true }).catch(unlessAbsent);
  return stats?.isFile() ? blobInfo(path, stats) : undefined;
}

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
