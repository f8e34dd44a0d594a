import { writeSync } from "node:fs";
import { inspect } from "node:util";

/**
 * The log of the stand-ins, which their parent keeps in a file: one line to standard error. What a full disk has no room for is lost: nobody's job ends
 * for want of a log. Not by `console`, which throws there and then keeps everything that follows in memory.
 */
export function logLine(message: unknown): void {
  try {
    writeSync(2, `${typeof message === "string" ? message : inspect(message)}\n`);
  } catch {
    // There is nowhere to say it.
  }
}
