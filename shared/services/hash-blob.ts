import { createHash, type Hash } from "node:crypto";
import type { BlobRef, BlobStore } from "../ports/blob-store.ts";

const READ_BYTES = 4 * 1024 * 1024;

/** Bytes of a blob in pieces, two of them in memory: while one is at work, the next is read. Ends early if the blob does. */
async function* pieces(blobs: BlobStore, ref: BlobRef): AsyncGenerator<Uint8Array> {
  const readFrom = (from: number) => blobs.read(ref, { from, length: READ_BYTES });
  let next = readFrom(0);
  for (let from = READ_BYTES; ; from += READ_BYTES) {
    const bytes = await next;
    if (!bytes || bytes.length === 0) return;
    if (bytes.length === READ_BYTES) next = readFrom(from);
    next.catch(() => undefined); // heard at its turn, unless nobody wants more
    yield bytes;
    if (bytes.length < READ_BYTES) return;
  }
}

/** sha256 of a blob, in hexadecimal. */
export async function hashBlob(blobs: BlobStore, ref: BlobRef): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of pieces(blobs, ref)) hash.update(bytes);
  return hash.digest("hex");
}

/** Index of the first file, of those that lie back to back in the blob, that does not have its hash; undefined when all have. */
export async function firstWrongFile(
  blobs: BlobStore,
  ref: BlobRef,
  files: readonly { sha256: string; size: number }[],
): Promise<number | undefined> {
  const check = new BackToBack(files);
  for await (const bytes of pieces(blobs, ref)) {
    const wrong = check.take(bytes);
    if (wrong !== undefined) return wrong;
  }
  const wrong = check.take(new Uint8Array()); // a blob of no bytes may hold files of no bytes
  return wrong ?? (check.isDone ? undefined : check.index);
}

/** Hashes files that lie back to back, as their bytes come along in pieces of any length. */
class BackToBack {
  readonly #files: readonly { sha256: string; size: number }[];
  #hash: Hash = createHash("sha256");
  #left: number;
  index = 0;

  constructor(files: readonly { sha256: string; size: number }[]) {
    this.#files = files;
    this.#left = files[0]?.size ?? 0;
  }

  get isDone(): boolean {
    return this.index === this.#files.length;
  }

  /** Answers the index of a file that is wrong, if one ends here. */
  take(bytes: Uint8Array): number | undefined {
    let at = 0;
    while (!this.isDone) {
      const piece = bytes.subarray(at, at + this.#left);
      this.#hash.update(piece);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#left > 0) return undefined;
      if (this.#hash.digest("hex") !== this.#files[this.index]?.sha256) return this.index;
      this.#hash = createHash("sha256");
      this.#left = this.#files[++this.index]?.size ?? 0;
    }
    return undefined;
  }
}
