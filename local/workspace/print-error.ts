import { writeSync } from "node:fs";

/**
 * A line for whoever looks at the terminal. Where standard error is a file on a full disk, the line is lost and the workspace goes on: `console` would throw
 * there.
 */
export function printError(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // It is in the log as well, or lost there for the same reason.
  }
}
