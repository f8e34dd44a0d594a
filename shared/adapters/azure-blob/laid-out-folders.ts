import { createHash } from "node:crypto";
import { z } from "zod";
import { isSafeRelativePath } from "../../domain/ids.ts";
import type { BlobRef, BlobStore, LayoutFile } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { SourceReader } from "./source-reader.ts";

type Blobs = Pick<BlobStore, "stage" | "commit" | "write" | "read" | "stat" | "list">;

/** Written when a folder is whole. `files`: etag of each, by which a change of any is seen without reading it. */
const Marker = z.strictObject({ layout: z.string(), files: z.record(z.string(), z.string()) });
type Marker = z.infer<typeof Marker>;

/** Not below the folder, which holds the files alone. */
const markerRef = ({ datastore, path }: BlobRef): BlobRef => ({
  datastore,
  path: `.laid-out/${createHash("sha256").update(path).digest("hex")}`,
});
const AT_ONCE = 16;
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Folders of blobs made of ranges of other blobs. All files are staged and checked before the first gets its name, and a marker is written last:
 * who was answered finds them all. Several processes may lay out the same folder at once, since parts are named by the content they hold.
 */
export class LaidOutFolders {
  readonly #blobs: Blobs;
  readonly #running = new Map<string, Promise<void>>();
  /** Etag of the marker of each folder that was looked through. */
  readonly #checked = new Map<string, string>();

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  /** Returns once the folder is there, whole. Callers that want the same folder share the work. */
  ensure(folder: BlobRef, files: readonly LayoutFile[]): Promise<void> {
    const key = `${folder.datastore}/${folder.path}`;
    const running = this.#running.get(key) ?? this.#ensure(folder, files, key).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  async #ensure(folder: BlobRef, files: readonly LayoutFile[], key: string): Promise<void> {
    for (const { path } of files) {
      if (!isSafeRelativePath(path)) throw new StoreError("invalid-key", `${JSON.stringify(path)} is not a path below a folder`);
    }
    const layout = layoutHash(files);
    const marker = await this.#blobs.stat(markerRef(folder));
    if (marker && (this.#checked.get(key) === marker.etag || (await this.#isIntact(folder, layout)))) {
      this.#checked.set(key, marker.etag);
      return;
    }
    const etags = await this.#make(folder, files);
    const written = await this.#blobs.write(markerRef(folder), Buffer.from(JSON.stringify({ layout, files: etags } satisfies Marker)));
    if (written) this.#checked.set(key, written.etag);
  }

  async #make(folder: BlobRef, files: readonly LayoutFile[]): Promise<Record<string, string>> {
    const parts = await this.#stageAll(folder, files);
    const etags: [string, string][] = [];
    for (let i = 0; i < files.length; i += AT_ONCE) {
      const committed = files.slice(i, i + AT_ONCE).map(async (file): Promise<[string, string]> => {
        const { etag } = await this.#blobs.commit(below(folder, file), file.sha256, parts.get(file.path) ?? 0);
        return [file.path, etag];
      });
      etags.push(...(await Promise.all(committed)));
    }
    return Object.fromEntries(etags);
  }

  /** Stages every file, in order of its place in the sources, which are so read in long stretches. Answers the number of parts of each. */
  async #stageAll(folder: BlobRef, files: readonly LayoutFile[]): Promise<Map<string, number>> {
    const reader = new SourceReader(this.#blobs);
    const parts = new Map<string, number>();
    let staging: Promise<void>[] = [];
    try {
      for (const file of inOrderOfPlace(files)) {
        const hash = createHash("sha256");
        for (let part = 0, at = 0; at < file.size; part++, at += PIECE_BYTES) {
          const bytes = await reader.read(file, at, Math.min(PIECE_BYTES, file.size - at));
          hash.update(bytes);
          staging.push(this.#blobs.stage(below(folder, file), file.sha256, part, bytes));
          parts.set(file.path, part + 1);
          if (staging.length < AT_ONCE) continue;
          await Promise.all(staging);
          staging = [];
        }
        if (hash.digest("hex") !== file.sha256) throw noLongerHolds(file);
      }
    } finally {
      await Promise.allSettled(staging);
    }
    await Promise.all(staging);
    return parts;
  }

  async #isIntact(folder: BlobRef, layout: string): Promise<boolean> {
    const bytes = await this.#blobs.read(markerRef(folder));
    const marker = bytes && Marker.safeParse(jsonOf(bytes)).data;
    if (marker?.layout !== layout) return false;
    const prefix = `${folder.path}/`;
    let found = 0;
    for (let after: string | undefined, more = true; more; ) {
      const page = await this.#blobs.list(folder.datastore, { prefix, limit: 4_999, ...(after !== undefined && { after }) });
      found += page.blobs.filter(({ path, etag }) => marker.files[path.slice(prefix.length)] === etag).length;
      after = page.next;
      more = after !== undefined;
    }
    return found === Object.keys(marker.files).length;
  }
}

export function noLongerHolds({ path, from }: LayoutFile): StoreError {
  return new StoreError("corrupt", `${from.datastore}/${from.path} no longer holds the bytes of ${path}; upload it again`);
}

function below(folder: BlobRef, file: LayoutFile): BlobRef {
  return { datastore: folder.datastore, path: `${folder.path}/${file.path}` };
}

function inOrderOfPlace(files: readonly LayoutFile[]): LayoutFile[] {
  const source = ({ from }: LayoutFile) => `${from.datastore}/${from.path}`;
  return files.toSorted((a, b) => (source(a) === source(b) ? a.offset - b.offset : source(a) < source(b) ? -1 : 1));
}

function layoutHash(files: readonly LayoutFile[]): string {
  const lines = files.map(({ path, size, sha256 }) => JSON.stringify([path, size, sha256])).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined; // damaged: the folder is laid out anew
  }
}
