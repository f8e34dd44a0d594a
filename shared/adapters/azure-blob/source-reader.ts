import type { BlobStore, LayoutFile } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";

/** Bytes asked for at once: small files mostly lie side by side. */
const WINDOW_BYTES = 8 * 1024 * 1024;

/** Reads files out of the blobs that hold them. Of the blob that was read last, a window is kept. */
export class SourceReader {
  readonly #blobs: Pick<BlobStore, "read">;
  #window: { source: string; from: number; bytes: Uint8Array } | undefined;

  constructor(blobs: Pick<BlobStore, "read">) {
    this.#blobs = blobs;
  }

  /** Bytes `at` to `at + length` of the file. @throws {StoreError} `corrupt` when its source is gone or too short. */
  async read(file: LayoutFile, at: number, length: number): Promise<Uint8Array> {
    const source = `${file.from.datastore}/${file.from.path}`;
    const from = file.offset + at;
    const bytes = this.#inWindow(source, from, length) ?? (await this.#fill(file, source, from, length));
    if (bytes.length === length) return bytes;
    throw new StoreError("corrupt", `${source} is too short to hold the bytes of ${file.path}; restore a backup or upload it again`);
  }

  #inWindow(source: string, from: number, length: number): Uint8Array | undefined {
    const window = this.#window;
    if (window?.source !== source || from < window.from || from + length > window.from + window.bytes.length) return undefined;
    return window.bytes.subarray(from - window.from, from - window.from + length);
  }

  async #fill(file: LayoutFile, source: string, from: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#blobs.read(file.from, { from, length: Math.max(WINDOW_BYTES, length) });
    if (!bytes)
      throw new StoreError("corrupt", `${source}, which holds the bytes of ${file.path}, is gone; restore a backup or upload it again`);
    this.#window = { source, from, bytes };
    return bytes.subarray(0, length);
  }
}
