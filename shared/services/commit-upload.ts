import { createHash } from "node:crypto";
import type { UploadTarget } from "../api/resources.ts";
import { ProblemError } from "../domain/problems.ts";
import type { BlobRef, BlobStore } from "../ports/blob-store.ts";
import { type Documents, StoreError } from "../ports/documents.ts";
import type { ContentIndex } from "./content-index.ts";
import type { FileHashes } from "./file-hashes.ts";
import { firstWrongFile } from "./hash-blob.ts";
import { packRef } from "./snapshot-store.ts";
import { type UploadRecords, uploadRef } from "./upload-records.ts";
import { partCount } from "./uploads.ts";

export interface CommitUploadDeps {
  blobs: BlobStore;
  documents: Pick<Documents, "durable">;
  uploads: UploadRecords;
  content: ContentIndex;
  fileHashes: FileHashes;
  /** Container of a datastore of the catalog. @throws {ProblemError} not-found */
  datastoreContainer(name: string): Promise<string>;
}

/**
 * Ends an upload: checks its bytes against their hashes, and only then makes them visible, as a pack of snapshot contents or as a file of a
 * datastore. Committing again to the same target changes nothing.
 * @throws {ProblemError} not-found (upload, datastore); invalid-request naming the part that is missing or the file that is wrong; conflict when
 *   it was committed as something else.
 */
export const commitUpload = (deps: CommitUploadDeps) => {
  const oneByOne = new Map<string, Promise<void>>();
  return (uploadId: string, target: UploadTarget): Promise<void> => {
    // A client that lost patience asks again while the first commit is at work.
    const before = oneByOne.get(uploadId) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => commit(deps, uploadId, target));
    oneByOne.set(uploadId, mine);
    return mine.finally(() => oneByOne.get(uploadId) === mine && oneByOne.delete(uploadId));
  };
};

async function commit(deps: CommitUploadDeps, uploadId: string, target: UploadTarget): Promise<void> {
  const record = await deps.uploads.get(uploadId);
  const committed = createHash("sha256").update(JSON.stringify(target)).digest("hex");
  if (record.committed === committed) return;
  if (record.committed !== undefined) {
    throw new ProblemError({
      kind: "conflict",
      message: `upload ${uploadId} was committed as something else`,
      remedy: "begin another with POST /api/uploads",
    });
  }
  await (target.kind === "pack" ? commitPack(deps, uploadId, record.size, target) : commitFile(deps, uploadId, record.size, target));
  // A record that outlived a loss of power and what it speaks of did not would answer a repeat with a yes that is none.
  await Promise.all([deps.blobs.durable(), deps.documents.durable()]);
  await deps.uploads.write(uploadId, { ...record, committed });
  await deps.blobs.durable();
}

async function commitPack(deps: CommitUploadDeps, id: string, size: number, { files }: UploadTarget & { kind: "pack" }): Promise<void> {
  const sum = files.reduce((total, file) => total + file.size, 0);
  if (sum !== size) throw invalid("/files", `the files of the pack have ${sum} bytes together, and the upload has ${size}`);
  const place = packRef(id);
  // A commit cut short may have put the pack in its place already.
  const bytes = (await deps.blobs.stat(place)) ? place : await assemble(deps.blobs, id, size);
  await assertHashes(deps, bytes, files, (i) => `/files/${i}/sha256`);
  if (bytes !== place) await deps.blobs.move(bytes, place);
  await deps.blobs.durable(); // before anything says that it is there
  await deps.content.add(id, files);
}

async function commitFile(deps: CommitUploadDeps, id: string, size: number, target: UploadTarget & { kind: "file" }): Promise<void> {
  const place = { datastore: await deps.datastoreContainer(target.datastore), path: target.path };
  const bytes = await assemble(deps.blobs, id, size);
  await assertHashes(deps, bytes, [{ sha256: target.sha256, size }], () => "/sha256");
  const info = await deps.blobs.move(bytes, place);
  deps.fileHashes.note(place, info, target.sha256);
}

/** Makes the parts one blob that only uploads know of. */
async function assemble(blobs: BlobStore, id: string, size: number): Promise<BlobRef> {
  const ref = uploadRef(id);
  if ((await blobs.stat(ref))?.size === size) return ref; // by a commit that was cut short
  try {
    await blobs.commit(ref, id, partCount(size));
  } catch (error) {
    if (error instanceof StoreError && error.kind === "invalid-key") throw invalid(undefined, error.message, error);
    throw error;
  }
  return ref;
}

async function assertHashes(
  { blobs }: CommitUploadDeps,
  bytes: BlobRef,
  files: readonly { sha256: string; size: number }[],
  pointerTo: (index: number) => string,
): Promise<void> {
  const wrong = await firstWrongFile(blobs, bytes, files);
  const file = wrong === undefined ? undefined : files[wrong];
  if (wrong === undefined || !file) return;
  await blobs.delete(bytes);
  throw invalid(
    pointerTo(wrong),
    `the ${file.size} bytes that were sent do not have the sha256 ${file.sha256}; nothing of the upload was kept`,
  );
}

function invalid(pointer: string | undefined, message: string, cause?: unknown): ProblemError {
  const remedy = "send the parts again in a new upload; a file that changes meanwhile must be hashed again";
  return new ProblemError({ kind: "invalid-request", errors: [{ ...(pointer !== undefined && { pointer }), message, remedy }] }, { cause });
}
