import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BlobRef, STAGED_PART_BYTES } from "../../ports/blob-store.ts";
import { StagedParts } from "./staged-parts.ts";

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
    await new StagedParts(this.#folderOf(ref, upload)).put(part, body);
  }

  /** Parts 0 to `parts`-1 as one file that is on disk and waits for its name. @throws {StoreError} `invalid-key` naming the first one that is missing. */
  async assemble(ref: BlobRef, upload: string, parts: number): Promise<string> {
    const staged = new StagedParts(this.#folderOf(ref, upload));
    const lengths = await staged.lengths(parts, upload);
    if (parts > 0 && lengths.slice(0, -1).every((length) => length === STAGED_PART_BYTES)) return staged.whole(lengths);
    return this.file((handle) => staged.copyTo(handle, lengths), { sync: true, place: async (file) => file });
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
