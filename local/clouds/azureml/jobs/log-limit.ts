import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, rename, rm } from "node:fs/promises";
import { promisify } from "node:util";

const CHUNK_BYTES = 1024 * 1024;

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

/**
 * Keeps a job's log within a bound. While the job runs the log belongs to it and only grows, so that readers' offsets hold and nothing is
 * lost; when it has passed twice the bound, the middle is made a hole, which reads as zero bytes and takes no
 * room. When the job has ended, the log is rewritten to its first half, a line that says what is missing, and its last half.
 */
export class LogLimit {
  readonly #bytes: number;
  readonly #python: string;
  /** Up to where each log already is a hole. */
  readonly #holes = new Map<string, number>();

  /** @param bytes What is kept. @param python Any interpreter of Python 3. */
  constructor(bytes: number, python: string) {
    this.#bytes = bytes;
    this.#python = python;
  }

  /** To be called now and then while the job runs. A file system without holes leaves the log as it is, until the end. */
  async whileRunning(log: string): Promise<void> {
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    const half = Math.floor(this.#bytes / 2);
    const start = this.#holes.get(log) ?? half;
    const end = size - half;
    if (end - start < this.#bytes) return;
    this.#holes.set(log, end);
    const args = ["-I", "-S", "-c", PUNCH, log, String(start), String(end - start)];
    await promisify(execFile)(this.#python, args).catch(() => undefined);
  }

  /** To be called when nobody writes to the log any more. The new log takes the place of the old one at once. */
  async atEnd(log: string): Promise<void> {
    this.#holes.delete(log);
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#bytes) return;
    const half = Math.floor(this.#bytes / 2);
    const partial = `${log}.partial`;
    const [source, target] = await Promise.all([open(log, "r"), open(partial, "w")]);
    try {
      await copyRange(source, target, 0, half);
      await target.write(`\n[… ${size - 2 * half} bytes of this log are left out: it grew beyond ${this.#bytes} bytes …]\n`);
      await copyRange(source, target, size - half, size);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
    await rename(partial, log);
  }
}

async function copyRange(source: FileHandle, target: FileHandle, start: number, end: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    await target.write(buffer, 0, bytesRead);
    at += bytesRead;
  }
}
