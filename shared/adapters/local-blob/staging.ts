import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BlobRef } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { isAbsent } from "./file-error.ts";

/** After this long a temporary file is one that a dead process left. */
const LEFTOVER_MS = 60 * 60 * 1000;

/** Where bytes wait that nobody may see yet: outside every datastore, on the same disk, so that a rename makes them visible. */
export class Staging {
  readonly #temporary: string;
  readonly #uploads: string;

  constructor(folder: string) {
    this.#temporary = join(folder, "temporary");
    this.#uploads = join(folder, "uploads");
    for (const made of [this.#temporary, this.#uploads]) mkdirSync(made, { recursive: true, mode: 0o700 });
    removeLeftovers(this.#temporary);
  }

  /** A path that nobody uses. */
  temporary(): string {
    return join(this.#temporary, randomUUID());
  }

  /** Whether names on this disk that differ only in case are one. */
  ignoresCase(): boolean {
    const probe = join(this.#temporary, `probe-${randomUUID()}`);
    writeFileSync(probe, "");
    const ignores = existsSync(join(this.#temporary, probe.slice(this.#temporary.length + 1).toUpperCase()));
    rmSync(probe);
    return ignores;
  }

  async putPart(ref: BlobRef, upload: string, part: number, body: Uint8Array): Promise<void> {
    const folder = this.#folderOf(ref, upload);
    await mkdir(folder, { recursive: true });
    await this.file(async (handle) => handle.writeFile(body), { sync: false, place: (file) => rename(file, join(folder, `${part}`)) });
  }

  /** Appends parts 0 to `parts`-1. @throws {StoreError} `invalid-key` naming the first one that is missing. */
  async appendParts(to: FileHandle, ref: BlobRef, upload: string, parts: number): Promise<void> {
    for (let part = 0; part < parts; part++) {
      try {
        await to.writeFile(await readFile(join(this.#folderOf(ref, upload), `${part}`)));
      } catch (error) {
        if (!isAbsent(error)) throw error;
        throw new StoreError("invalid-key", `part ${part} of upload ${upload} is not there; send it and commit again`, { cause: error });
      }
    }
  }

  async discard(ref: BlobRef, upload: string): Promise<void> {
    await rm(this.#folderOf(ref, upload), { recursive: true, force: true });
  }

  /** Fills a temporary file and puts it in its place; nothing is left of it when either fails. */
  async file<T>(
    fill: (handle: FileHandle) => Promise<unknown>,
    { sync, place }: { sync: boolean; place(file: string, handle: FileHandle): Promise<T> },
  ): Promise<T> {
    const path = this.temporary();
    const handle = await open(path, "wx");
    try {
      await fill(handle);
      if (sync) await handle.sync();
      return await place(path, handle);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  }

  #folderOf(ref: BlobRef, upload: string): string {
    return join(
      this.#uploads,
      createHash("sha256")
        .update(JSON.stringify([ref.datastore, ref.path, upload]))
        .digest("hex"),
    );
  }
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > LEFTOVER_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
