import { formatBytes } from "../format.ts";
import type { Terminal } from "../terminal.ts";

const LIVE_MS = 200;
const LINES_MS = 10_000;

/** Tells how far a copy has come: one line that is drawn over where somebody looks at it, else a line now and then. */
export class CopyProgress {
  private files = 0;
  private bytes = 0;
  private toldAt = performance.now();
  private isDrawn = false;

  constructor(
    private readonly err: Terminal,
    private readonly total: number,
  ) {}

  copied(): void {
    this.files++;
    this.tell();
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.tell();
  }

  /** Leaves the line. */
  end(): void {
    if (this.isDrawn) this.err.stream.write("\r\u001b[K");
    this.isDrawn = false;
  }

  private tell(): void {
    const now = performance.now();
    if (now - this.toldAt < (this.err.isLive ? LIVE_MS : LINES_MS)) return;
    this.toldAt = now;
    const text = `  ${this.files} of ${this.total} files, ${formatBytes(this.bytes)}`;
    if (this.err.isLive) this.err.stream.write(`\r${text}\u001b[K`);
    else this.err.line(text);
    this.isDrawn = this.err.isLive;
  }
}
