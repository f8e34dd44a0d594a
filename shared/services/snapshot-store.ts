import { createHash } from "node:crypto";
import { SnapshotId } from "../domain/ids.ts";
import { canonicalManifest, SnapshotFile, type SnapshotManifest } from "../domain/snapshot-manifest.ts";
import type { BlobRef, BlobStore, LayoutFile } from "../ports/blob-store.ts";
import { StoreError } from "../ports/documents.ts";
import type { ContentIndex } from "./content-index.ts";

/** The container that holds packs, manifests, laid-out folders and unfinished uploads; no datastore of the catalog. */
export const SNAPSHOTS = "snapshots";
/** Manifests never change; a few are kept, since a run's steps mostly share one. */
const KEPT_MANIFESTS = 4;

export const packRef = (pack: string): BlobRef => ({ datastore: SNAPSHOTS, path: `packs/${pack}` });
export const codeRef = (id: string): BlobRef => ({ datastore: SNAPSHOTS, path: `code/${id}` });
const manifestRef = (id: string): BlobRef => ({ datastore: SNAPSHOTS, path: `manifests/${id}` });

export function snapshotIdOf(manifest: SnapshotManifest): SnapshotId {
  return SnapshotId.parse(createHash("sha256").update(canonicalManifest(manifest)).digest("hex"));
}

/** Snapshots as they are kept: a manifest is a blob of its canonical lines, whose sha256 is its name, over contents in packs. */
export class SnapshotStore {
  readonly #blobs: BlobStore;
  readonly #content: ContentIndex;
  readonly #kept = new Map<string, SnapshotManifest>();

  constructor({ blobs, content }: { blobs: BlobStore; content: ContentIndex }) {
    this.#blobs = blobs;
    this.#content = content;
  }

  async has(id: string): Promise<boolean> {
    return this.#kept.has(id) || (await this.#blobs.stat(manifestRef(id))) !== undefined;
  }

  async write(id: string, manifest: SnapshotManifest): Promise<void> {
    await this.#blobs.write(manifestRef(id), Buffer.from(canonicalManifest(manifest)));
    await this.#blobs.durable();
    this.#keep(id, manifest);
  }

  /** @throws {StoreError} `corrupt` when the stored manifest is not the one that was made. */
  async find(id: string): Promise<SnapshotManifest | undefined> {
    const kept = this.#kept.get(id);
    const manifest = kept ?? (await this.#readBlob(id));
    if (manifest) this.#keep(id, manifest);
    return manifest;
  }

  /** What {@link BlobStore.layOut} takes. @throws {StoreError} `corrupt` when a content is nowhere. */
  async layout({ files }: SnapshotManifest): Promise<LayoutFile[]> {
    const places = await this.#content.find(files.map((file) => file.sha256));
    return files.map(({ path, mode, size, sha256 }) => {
      const place = places.get(sha256);
      if (!place) throw new StoreError("corrupt", `the bytes of ${path} are in no pack; submit the pipeline again from its folder`);
      return { path, executable: mode === "755", size, sha256, from: packRef(place.pack), offset: place.offset };
    });
  }

  async #readBlob(id: string): Promise<SnapshotManifest | undefined> {
    const bytes = await this.#blobs.read(manifestRef(id));
    if (!bytes) return undefined;
    if (createHash("sha256").update(bytes).digest("hex") !== id) {
      throw new StoreError("corrupt", `the manifest of snapshot ${id} was changed; submit the pipeline again from its folder`);
    }
    const lines = Buffer.from(bytes).toString("utf8").split("\n").slice(0, -1);
    return { files: lines.map(parseLine) };
  }

  #keep(id: string, manifest: SnapshotManifest): void {
    this.#kept.delete(id);
    this.#kept.set(id, manifest);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT_MANIFESTS && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** A line of {@link canonicalManifest}; the path comes last, since it may hold spaces. */
function parseLine(line: string): SnapshotFile {
  const [mode, sha256, size, ...path] = line.split(" ");
  return SnapshotFile.parse({ mode, sha256, size: Number(size), path: path.join(" ") });
}
