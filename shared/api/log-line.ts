/**
 * One event as one line: the message, then its details as JSON. Texts are cut at 2 KB, and `JSON.stringify` escapes line breaks and control
 * characters, so that no value can forge a line.
 */
export function logLine(message: string, detail: Record<string, unknown> = {}): string {
  const shown = JSON.stringify(detail, (_, value) =>
    typeof value === "string" && value.length > 2048 ? `${value.slice(0, 2048)}…` : value,
  );
  return shown === "{}" ? message : `${message} ${shown}`;
}
