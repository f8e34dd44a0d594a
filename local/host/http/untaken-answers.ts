import type { ServerResponse } from "node:http";

/** From this size on an answer counts: smaller ones go into the connection's own buffers. */
const LARGE_BYTES = 256 * 1024;
/** Who takes no byte of a large answer for so long is cut off, in milliseconds: servers in Azure do it sooner. */
const STUCK_MS = 30_000;

/**
 * Counts the bytes of large answers that nobody has taken yet. This host holds an answer whole, so many readers who dawdle over large ones
 * would fill its memory.
 */
export class UntakenAnswers {
  readonly #limit: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Whether an answer may go out. One that may is counted until it has been taken or its connection has closed. */
  admit(response: ServerResponse, bytes: number): boolean {
    if (bytes < LARGE_BYTES) return true;
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) return false;
    this.#bytes += bytes;
    // Node counts whatever moves, and closes the connection when nothing does.
    response.socket?.setTimeout(STUCK_MS);
    response.once("close", () => {
      this.#bytes -= bytes;
    });
    return true;
  }
}
