import { harmless } from "./text-width.ts";

/** Bytes of one line without an end that are kept at the most; what is longer is written in pieces. */
const MAX_LINE = 64 * 1024;

/** Turns bytes into whole lines with a prefix, so that several logs can share one output. */
export class LinePrefixer {
  private readonly prefix: string;
  private readonly line: (text: string) => void;
  private readonly decoder = new TextDecoder();
  private rest = "";

  constructor(prefix: string, line: (text: string) => void) {
    this.prefix = prefix;
    this.line = line;
  }

  write(bytes: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    this.rest = lines.pop() ?? "";
    for (const text of lines) this.emit(text);
    if (this.rest.length > MAX_LINE) this.end();
  }

  /** Writes what has no end of line yet. */
  end(): void {
    if (this.rest !== "") this.emit(this.rest);
    this.rest = "";
  }

  /** A progress bar draws its line over and over with carriage returns: the last picture counts. */
  private emit(text: string): void {
    this.line(this.prefix + harmless(text.slice(text.lastIndexOf("\r") + 1)));
  }
}
