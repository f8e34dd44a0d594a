import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { STAGED_PART_BYTES } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { isAbsent } from "./file-error.ts";

const LENGTH_BYTES = 4;

/**
 * Parts of one upload in a folder: each in its own stretch of the file `bytes`, so that parts of full length are one file without being copied,
 * and in the file `lengths` how long each is, plus one (0: never sent).
 */
export class StagedParts {
  readonly #folder: string;
  readonly #bytes: string;
  readonly #lengths: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#bytes = join(folder, "bytes");
    this.#lengths = join(folder, "lengths");
  }

  async put(part: number, body: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeAt(this.#bytes, part * STAGED_PART_BYTES, body);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(body.length + 1);
    await writeAt(this.#lengths, part * LENGTH_BYTES, length); // last: a part counts once it is there
  }

  /** Lengths of parts 0 to `parts`-1. @throws {StoreError} `invalid-key` naming the first one that is missing. */
  async lengths(parts: number, upload: string): Promise<number[]> {
    const noted = await readFile(this.#lengths).catch((error: unknown) => {
      if (isAbsent(error)) return Buffer.alloc(0);
      throw error;
    });
    return Array.from({ length: parts }, (_, part) => {
      const at = part * LENGTH_BYTES;
      const length = at < noted.length ? noted.readUInt32LE(at) - 1 : -1;
      if (length >= 0) return length;
      throw new StoreError("invalid-key", `part ${part} of upload ${upload} is not there; send it and commit again`);
    });
  }

  /** The file itself, where every part but the last is full: cut to the last part's end and synced. */
  async whole(lengths: readonly number[]): Promise<string> {
    const handle = await open(this.#bytes, "r+");
    try {
      await handle.truncate((lengths.length - 1) * STAGED_PART_BYTES + (lengths.at(-1) ?? 0));
      await handle.sync();
      return this.#bytes;
    } finally {
      await handle.close();
    }
  }

  /** Appends the parts to another file. */
  async copyTo(target: FileHandle, lengths: readonly number[]): Promise<void> {
    if (lengths.length === 0) return;
    const source = await open(this.#bytes, "r");
    try {
      for (const [part, length] of lengths.entries()) {
        const { buffer } = await source.read(Buffer.alloc(length), 0, length, part * STAGED_PART_BYTES);
        await target.writeFile(buffer);
      }
    } finally {
      await source.close();
    }
  }
}

async function writeAt(file: string, at: number, body: Uint8Array): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_CREAT);
  try {
    for (let done = 0; done < body.length; ) {
      done += (await handle.write(body, done, body.length - done, at + done)).bytesWritten;
    }
  } finally {
    await handle.close();
  }
}
