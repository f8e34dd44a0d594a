import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { HostLog } from "../host/contract.ts";

const MAX_BYTES = 10 * 1024 * 1024;
const LEVELS = ["debug", "information", "warning", "error"];

/**
 * The host's and the app's log: everything goes to `logs/host.log` in the state folder (the one before is kept when it grows over 10 MB),
 * and errors to the terminal as well, where somebody sees them.
 */
export function openFileLog(stateFolder: string, onError: (line: string) => void): { log: HostLog; file: string } {
  const folder = join(stateFolder, "logs");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "host.log");
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
  let stream: WriteStream | undefined;
  // A full disk must not end the workspace for want of a log; what a stream could not write is lost, and the next line opens another.
  const open = (): WriteStream => {
    const opened = createWriteStream(file, { flags: "a", mode: 0o600 });
    opened.on("error", () => {
      if (stream === opened) stream = undefined;
    });
    return opened;
  };
  stream = open(); // the file is there before anybody is told of it
  const log: HostLog = (level, message, detail) => {
    const shown = detail && Object.keys(detail).length > 0 ? ` ${JSON.stringify(detail)}` : "";
    const line = `${new Date().toISOString()} ${level.padEnd(11)} ${oneLine(message)}${shown}`;
    stream ??= open();
    stream.write(`${line}\n`);
    if (LEVELS.indexOf(level) >= LEVELS.indexOf("error")) onError(line);
  };
  return { log, file };
}

/** A message may quote what a caller or a script said: it stays one line, and does nothing to a terminal. */
function oneLine(message: string): string {
  return message.replaceAll("\n", "\\n").replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
