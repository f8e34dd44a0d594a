import type { HostLog } from "../../../../local/host/contract.ts";

export interface LogLine {
  level: string;
  message: string;
  detail: Record<string, unknown> | undefined;
}

/** A log that keeps what it is given. */
export function capturedLog(): { log: HostLog; lines: LogLine[]; text(): string } {
  const lines: LogLine[] = [];
  return {
    lines,
    log: (level, message, detail) => lines.push({ level, message, detail }),
    text: () => lines.map((line) => `${line.level} ${line.message}`).join("\n"),
  };
}
