import type { RunHead } from "../domain/run-documents.ts";

/** Now, as ISO 8601, and never before what the run says already: a clock that was put back must not let a run end before it began. */
export function instantOfRun({ createdAt, startedAt }: RunHead, now: number): string {
  return new Date(Math.max(now, Date.parse(startedAt ?? createdAt))).toISOString();
}
