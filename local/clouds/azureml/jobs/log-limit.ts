import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, rename, rm } from "node:fs/promises";
import { promisify } from "node:util";

const CHUNK_BYTES = 2 * 1024 * 1024;

/**
 * Gives the middle of a file back to the disk; its length and the rest stay, and who appends to it notices nothing.
 * Node has no such call, so Python makes it: fallocate(2) with KEEP_SIZE and PUNCH_HOLE, or macOS's F_PUNCHHOLE.
 */
const PUNCH = `
import ctypes, fcntl, os, struct, sys
fd, start, length = os.open(sys.argv[1], os.O_RDWR), int(sys.argv[2]), int(sys.argv[3])
if sys.platform == "darwin":
    fcntl.fcntl(fd, 99, struct.pack("IIqq", 0, 0, start, length))
else:
    call = ctypes.CDLL(None, use_errno=True).fallocate
    call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    sys.exit(1 if call(fd, 3, start, length) else 0)
`;

/** Room for the line that says what is missing. A log that is longer than its bound by no more than this is left as it is. */
const MARK_BYTES = 256;

/**
 * Keeps a job's log within a bound. While the job runs the log belongs to it and only grows, so that readers' offsets hold and nothing is
 * lost; when it has passed twice the bound, the middle is made a hole, which reads as zero bytes and takes no
 * room. When the job has ended, the log becomes its first three quarters of the bound, a line that says what is missing, and its last quarter.
 */
export class LogLimit {
  readonly #bytes: number;
  readonly #head: number;
  readonly #tail: number;
  readonly #python: string;
  /** Up to where each log already is a hole. */
  readonly #holes = new Map<string, number>();

  /** @param bytes What is kept. @param python Any interpreter of Python 3. */
  constructor(bytes: number, python: string) {
    this.#bytes = bytes;
    this.#tail = Math.floor(bytes / 4);
    this.#head = bytes - this.#tail;
    this.#python = python;
  }

  /** To be called now and then while the job runs. A file system without holes leaves the log as it is, until the end. */
  async whileRunning(log: string): Promise<void> {
    const size = sizeOf(log);
    const start = this.#holes.get(log) ?? this.#head;
    const end = size - this.#tail;
    if (end - start < this.#bytes) return;
    this.#holes.set(log, end);
    const args = ["-I", "-S", "-c", PUNCH, log, String(start), String(end - start)];
    await promisify(execFile)(this.#python, args).catch(() => undefined);
  }

  /** To be called when nobody writes to the log any more. May be done again when it was cut short. */
  async atEnd(log: string): Promise<void> {
    this.#holes.delete(log);
    const size = sizeOf(log);
    if (size <= this.#bytes + MARK_BYTES) return;
    const left = size - this.#bytes;
    const mark = Buffer.from(`\n[… ${left} bytes of this log are left out: it grew beyond ${this.#bytes} bytes …]\n`);
    // Where the end has room before itself it is moved there, which leaves it whole until the last moment; a log only a little too long is copied.
    if (size >= this.#head + MARK_BYTES + 2 * this.#tail) await this.#shortenInPlace(log, size, mark);
    else await this.#replace(log, size, mark);
  }

  async #shortenInPlace(log: string, size: number, mark: Buffer): Promise<void> {
    const file = await open(log, "r+");
    try {
      await file.write(mark, 0, mark.length, this.#head);
      await copyRange(file, size - this.#tail, size, file, this.#head + mark.length);
      await file.truncate(this.#head + mark.length + this.#tail);
    } finally {
      await file.close();
    }
  }

  async #replace(log: string, size: number, mark: Buffer): Promise<void> {
    const partial = `${log}.partial`;
    const [source, target] = await Promise.all([open(log, "r"), open(partial, "w")]);
    try {
      await copyRange(source, 0, this.#head, target, 0);
      await target.write(mark, 0, mark.length, this.#head);
      await copyRange(source, size - this.#tail, size, target, this.#head + mark.length);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
    await rename(partial, log);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function copyRange(source: FileHandle, start: number, end: number, target: FileHandle, at: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start));
  for (let from = start, to = at; from < end; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, end - from), from);
    if (bytesRead === 0) return;
    await target.write(buffer, 0, bytesRead, to);
    from += bytesRead;
    to += bytesRead;
  }
}
