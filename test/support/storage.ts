import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalBlobStore } from "../../shared/adapters/local-blob/blob-store.ts";
import { openSqliteDocuments } from "../../shared/adapters/sqlite/documents.ts";
import { createIds } from "../../shared/adapters/system/clock.ts";
import { ProblemError } from "../../shared/domain/problems.ts";
import type { SnapshotManifest } from "../../shared/domain/snapshot-manifest.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import { createStorageServices } from "../../shared/services/storage-services.ts";

export const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** The storage services over a folder of their own, on a clock that a test moves. */
export class Storage {
  readonly folder = mkdtempSync(join(tmpdir(), "penstock-storage-"));
  readonly root = join(this.folder, "datastores");
  now = Date.UTC(2026, 6, 1);
  readonly #opened: Documents[] = [];
  readonly #newId = createIds(() => this.now);

  /** As a process that starts finds them: nothing is left in memory of the one before. */
  open(limits = { snapshotBytes: 1_000_000, snapshotFiles: 100 }) {
    const documents = openSqliteDocuments({ file: join(this.folder, "penstock.db") });
    this.#opened.push(documents);
    const blobs = openLocalBlobStore({ root: this.root });
    const clock = { now: () => this.now, newId: this.#newId };
    return { documents, blobs, ...createStorageServices({ documents, blobs, clock, limits, datastoreContainer }) };
  }

  async close(): Promise<void> {
    for (const documents of this.#opened) await documents.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type OpenedStorage = ReturnType<Storage["open"]>;

async function datastoreContainer(name: string): Promise<string> {
  if (name === "workspaceblobstore") return "azureml-blobstore";
  throw new ProblemError({ kind: "not-found", what: "datastore", id: name, remedy: "known: workspaceblobstore" });
}

/** A manifest of files by path; a path that ends in `.sh` may be executed. */
export function manifestOf(files: Record<string, string>): SnapshotManifest {
  const entries = Object.entries(files).map(([path, text]) => ({
    path,
    size: Buffer.byteLength(text),
    mode: path.endsWith(".sh") ? ("755" as const) : ("644" as const),
    sha256: sha256(text),
  }));
  return { files: entries.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Sends bytes as an upload and answers its id, uncommitted. */
export async function send({ createUpload, putUploadPart }: OpenedStorage, bytes: Uint8Array): Promise<string> {
  const { uploadId, partBytes } = await createUpload({ size: bytes.length });
  for (let part = 0; part * partBytes < bytes.length; part++) {
    await putUploadPart({ uploadId, part }, bytes.subarray(part * partBytes, (part + 1) * partBytes));
  }
  return uploadId;
}

/** Uploads texts as one pack. */
export async function sendPack(storage: OpenedStorage, texts: readonly string[]): Promise<string> {
  const uploadId = await send(storage, Buffer.from(texts.join("")));
  await storage.commitUpload(uploadId, {
    kind: "pack",
    files: texts.map((text) => ({ sha256: sha256(text), size: Buffer.byteLength(text) })),
  });
  return uploadId;
}
