import { buffer } from "node:stream/consumers";
import type { BlobClient } from "@azure/storage-blob";
import { isWhole } from "./blob-info.ts";
import { isMissing, statusOf } from "./storage-error.ts";

const RANGE_NOT_SATISFIABLE = 416;
/** A stream that breaks off goes on from where it was, of the same version of the blob. */
const RESUMES = 4;

/** Bytes `from` to `from + length`, fewer at the blob's end; undefined when there is no blob. */
export async function readRange(blob: BlobClient, from: number, length: number): Promise<Uint8Array | undefined> {
  try {
    // A range of no bytes cannot be asked for.
    const count = length === 0 ? 1 : Number.isFinite(length) ? length : undefined;
    const answer = await blob.download(from, count, { maxRetryRequests: RESUMES });
    if (!answer.readableStreamBody || !isWhole(answer)) return undefined;
    const bytes = await buffer(answer.readableStreamBody as AsyncIterable<Uint8Array>);
    return length === 0 ? bytes.subarray(0, 0) : bytes;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (statusOf(error) === RANGE_NOT_SATISFIABLE) return new Uint8Array();
    throw error;
  }
}
