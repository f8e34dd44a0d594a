import { closeSync, openSync, readSync } from "node:fs";
import type { z } from "zod";
import type { UploadTarget } from "../shared/api/resources.ts";
import { commitUpload, createUpload, putUploadPart } from "../shared/api/routes/storage.ts";
import type { ApiClient } from "./client.ts";
import { UserError } from "./user-error.ts";

/** A local file whose bytes are sent. */
export interface UploadSource {
  readonly path: string;
  readonly size: number;
}

const PART_TIMEOUT_SECONDS = 300;

/**
 * Sends files back to back as one upload, in parts no larger than the server takes, and commits it as `target`.
 * @throws {UserError} `conflict` when a file changed since its size and hash were taken.
 */
export async function upload(client: ApiClient, sources: readonly UploadSource[], target: z.input<typeof UploadTarget>): Promise<void> {
  const size = sources.reduce((sum, source) => sum + source.size, 0);
  const begun = await client.call(createUpload, { body: { size } }, { idempotent: true });
  const { uploadId, partBytes } = begun.body;
  let part = 0;
  for (const bytes of parts(sources, partBytes)) {
    await client.call(putUploadPart, { params: { uploadId, part: part++ }, body: bytes }, { timeoutSeconds: PART_TIMEOUT_SECONDS });
  }
  await client.call(commitUpload, { params: { uploadId }, body: target }, { timeoutSeconds: PART_TIMEOUT_SECONDS });
}

/**
 * The bytes of the files, cut into parts of the same size (the last may be shorter). One buffer serves all of them. Reads are synchronous: for
 * thousands of small files waiting for the thread pool would take most of the time.
 */
function* parts(sources: readonly UploadSource[], partBytes: number): Generator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(partBytes);
  let filled = 0;
  for (const source of sources) {
    let left = source.size;
    const file = left > 0 ? openSync(source.path, "r") : undefined;
    try {
      while (file !== undefined && left > 0) {
        const wanted = Math.min(left, partBytes - filled);
        const read = readSome(file, buffer, filled, wanted, source);
        [filled, left] = [filled + read, left - read];
        if (filled < partBytes) continue;
        yield buffer;
        filled = 0;
      }
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

function readSome(file: number, buffer: Uint8Array, offset: number, length: number, source: UploadSource): number {
  const bytesRead = readSync(file, buffer, offset, length, null);
  if (bytesRead === 0) throw changed(source.path);
  return bytesRead;
}

/** What to tell when a file is not what it was a moment ago. */
export function changed(path: string): UserError {
  return new UserError("conflict", `${path} changed while it was being uploaded`, { remedy: "submit again once nothing writes to it" });
}
