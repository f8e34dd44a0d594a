import type { Log } from "../../ports/log.ts";

/**
 * One JSON line an event on the console, which the Functions host takes to Application Insights. Texts are cut at 2 KB, and
 * `JSON.stringify` escapes line breaks and control characters, so that no value can forge a line.
 */
export const consoleLog: Log = {
  info: (message, detail) => console.log(line("information", message, detail)),
  warn: (message, detail) => console.warn(line("warning", message, detail)),
  error: (message, detail) => console.error(line("error", message, detail)),
};

function line(level: string, message: string, detail: Record<string, unknown> = {}): string {
  return JSON.stringify({ level, message, ...detail }, (_, value) =>
    typeof value === "string" && value.length > 2048 ? `${value.slice(0, 2048)}…` : value,
  );
}
