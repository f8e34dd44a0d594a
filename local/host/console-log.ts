import { stripVTControlCharacters } from "node:util";
import type { HostLog } from "./contract.ts";

const LIMIT = 8 * 1024;

/** Lines for a person to read: time, level, function, text. Control characters of a message cannot pass for another line. */
export const consoleLog: HostLog = (level, message, detail) => {
  const name = detail?.["functionName"];
  const line = `${new Date().toISOString()} ${level.padEnd(11)} ${typeof name === "string" ? `[${name}] ` : ""}${printable(message)}\n`;
  (level === "warning" || level === "error" ? process.stderr : process.stdout).write(line);
};

/** Further lines are indented, what else controls a terminal is taken out. */
function printable(message: string): string {
  const text = message.length > LIMIT ? `${message.slice(0, LIMIT)}… (${message.length} characters)` : message;
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, (c) => (c === "\n" ? "\n  " : c === "\t" ? c : ""));
}
