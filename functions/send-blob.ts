import type { HttpResponseInit } from "@azure/functions";
import type { Services } from "../shared/composition.ts";
import { ProblemError } from "../shared/domain/problems.ts";
import type { BlobRef, BlobStore } from "../shared/ports/blob-store.ts";
import { ofThisProcess } from "./admission.ts";
import { fileResponse, parseRange } from "./byte-range.ts";

/** The host holds an answer in memory whole: larger files are read by range. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Answers with a blob or the asked range of it; `name` is what the caller calls it. @throws {ProblemError} not-found, too-large, range-not-satisfiable, busy */
export async function sendBlob(
  { blobs }: Services,
  ref: { datastore: string; path: string },
  rangeHeader: string | null,
  name: string,
): Promise<HttpResponseInit> {
  const info = await blobs.stat(ref);
  if (!info) throw new ProblemError({ kind: "not-found", what: "file", id: name });
  const range = parseRange(rangeHeader, info.size);
  const length = range?.length ?? info.size;
  if (length > MAX_BYTES)
    throw new ProblemError({
      kind: "too-large",
      what: "one answer",
      limit: MAX_BYTES,
      actual: length,
      remedy: "read the file in parts with a Range header",
    });
  const bytes = await readWhereThereIsRoom(blobs, ref, range, length);
  if (!bytes) throw new ProblemError({ kind: "not-found", what: "file", id: name });
  return fileResponse(ref.path, info.size, bytes, range);
}

async function readWhereThereIsRoom(
  blobs: BlobStore,
  ref: BlobRef,
  range: { from: number; length: number } | undefined,
  length: number,
): Promise<Uint8Array | undefined> {
  const leave = ofThisProcess.answer(length);
  try {
    return await blobs.read(ref, range);
  } finally {
    leave();
  }
}
