import { createHash } from "node:crypto";
import type { BlobRef, BlobStore } from "../ports/blob-store.ts";

/** Files of a folder that are looked at to tell it from another; reading more than that at each submit would cost more than it saves. */
export const IDENTIFIED_FILES = 10_000;

/**
 * What tells the data at a place from other data: size and etag of a file, or those of all files of a folder. Content that was changed in place has
 * another etag.
 */
export async function dataIdentity(blobs: BlobStore, ref: BlobRef): Promise<{ identity: string } | { unknown: string }> {
  const file = await blobs.stat(ref);
  if (file) return { identity: `file of ${file.size} bytes, ${file.etag}` };
  const hash = createHash("sha256");
  let [count, bytes] = [0, 0];
  let after: string | undefined;
  do {
    const page = await blobs.list(ref.datastore, { prefix: `${ref.path}/`, limit: 1000, ...(after !== undefined && { after }) });
    for (const { path, size, etag } of page.blobs) hash.update(JSON.stringify([path.slice(ref.path.length), size, etag]));
    count += page.blobs.length;
    bytes += page.blobs.reduce((sum, { size }) => sum + size, 0);
    after = page.next;
  } while (after !== undefined && count < IDENTIFIED_FILES);
  if (count === 0) return { unknown: `there is nothing at ${ref.path} yet` };
  if (after !== undefined)
    return { unknown: `${ref.path} holds more than ${IDENTIFIED_FILES.toLocaleString("en-US")} files, which are not looked at one by one` };
  return { identity: `folder of ${count} files, ${bytes} bytes, sha256:${hash.digest("hex").slice(0, 32)}` };
}
