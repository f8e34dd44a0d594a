import { PART_BYTES } from "../api/routes/storage.ts";
import { ProblemError } from "../domain/problems.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { ContentIndex } from "./content-index.ts";
import { packRef } from "./snapshot-store.ts";
import { type UploadRecords, uploadRef } from "./upload-records.ts";

const MAX_PARTS = 50_000;

export interface UploadDeps {
  blobs: BlobStore;
  uploads: UploadRecords;
  clock: Clock;
}

/** Begins an upload of `size` bytes. @throws {ProblemError} too-large. */
export const createUpload =
  ({ blobs, uploads, clock }: UploadDeps) =>
  async ({ size }: { size: number }): Promise<{ uploadId: string; partBytes: number }> => {
    const limit = MAX_PARTS * PART_BYTES;
    if (size > limit)
      throw new ProblemError({ kind: "too-large", what: "the bytes of an upload", limit, actual: size, remedy: "split the file" });
    const uploadId = clock.newId();
    await uploads.write(uploadId, { size });
    await blobs.durable();
    return { uploadId, partBytes: PART_BYTES };
  };

/**
 * Takes one part; sending it again replaces it. It is not synced: should the machine lose power, the commit says that it is missing.
 * @throws {ProblemError} not-found; conflict when the upload was committed; invalid-request when the part is not as long as it must be.
 */
export const putUploadPart =
  ({ blobs, uploads }: Pick<UploadDeps, "blobs" | "uploads">) =>
  async ({ uploadId, part }: { uploadId: string; part: number }, body: Uint8Array): Promise<void> => {
    const { size, committed } = await uploads.get(uploadId);
    if (committed !== undefined) {
      throw new ProblemError({
        kind: "conflict",
        message: `upload ${uploadId} was committed`,
        remedy: "begin another with POST /api/uploads",
      });
    }
    assertPart(part, body.length, size);
    await blobs.stage(uploadRef(uploadId), uploadId, part, body);
  };

export function partCount(size: number): number {
  return Math.ceil(size / PART_BYTES);
}

function assertPart(part: number, length: number, size: number): void {
  const parts = partCount(size);
  const wanted = Math.min(PART_BYTES, size - part * PART_BYTES);
  if (part < parts && length === wanted) return;
  const message =
    part < parts
      ? `part ${part} of ${parts} has ${wanted} bytes in an upload of ${size}, and ${length} were sent`
      : `there is no part ${part} in an upload of ${size} bytes: it has ${parts}, counted from 0`;
  throw new ProblemError({
    kind: "invalid-request",
    errors: [{ message, remedy: `send ${PART_BYTES} bytes a part, the rest in the last one` }],
  });
}

/** Removes what is left of uploads whose time is over: parts, bytes, and packs that no commit made known. Answers how many there were. */
export const sweepUploads =
  ({ blobs, uploads, content }: { blobs: BlobStore; uploads: UploadRecords; content: ContentIndex }) =>
  async (): Promise<number> => {
    let swept = 0;
    for await (const id of uploads.expired()) {
      await blobs.discard(uploadRef(id), id);
      await blobs.delete(uploadRef(id));
      if (!(await content.hasPack(id))) await blobs.delete(packRef(id));
      await uploads.delete(id); // last, so that a sweep cut short is taken up again
      swept++;
    }
    return swept;
  };
