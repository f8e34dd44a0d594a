import type { HostResponse } from "../contract.ts";

/** Answers a write that was done but is not on disk, and will not be: its caller must not take it for done. */
export function notDurable(error: unknown): HostResponse {
  const cause = error instanceof Error ? error.message : String(error);
  return {
    status: 503,
    body: `The host cannot write its state to disk: ${cause}. Free the disk or mend it, then start the host again.\n`,
  };
}
