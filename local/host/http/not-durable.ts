import type { HostResponse } from "../contract.ts";

/** Answers a write that was done and has been undone, since it could not be put on disk: its caller must not take it for done. */
export function notDurable(error: unknown): HostResponse {
  const cause = error instanceof Error ? error.message : String(error);
  return {
    status: 503,
    headers: { "retry-after": "5" },
    body: `The host cannot write its state to disk: ${cause}. Free the disk or mend it; it is tried again without a restart.\n`,
  };
}
