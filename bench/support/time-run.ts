import type { RunResource } from "../../shared/api/resources.ts";
import type { KeepAliveClient } from "./keep-alive-client.ts";
import { waitUntil } from "./wait-until.ts";

const ENDED = ["Completed", "Failed", "Canceled"];
/** So seldom that looking costs the run nothing. */
const LOOK_MS = 20;

/**
 * Submits a pipeline and waits for its end. @returns milliseconds from the moment the request is sent to the moment the run has ended by its
 * own record, both by this machine's clock: looking at it more often than now and then would be part of what is measured.
 * @throws {Error} when it does not complete.
 */
export async function timeRun(http: KeepAliveClient, body: string, seconds = 300): Promise<number> {
  const sent = Date.now();
  const { id } = await http.json<RunResource>("POST", "/api/runs", body);
  const run = await waitUntil(
    async () => {
      const now = await http.json<RunResource>("GET", `/api/runs/${id}`);
      return ENDED.includes(now.status) ? now : undefined;
    },
    `run ${id} to end`,
    { seconds, everyMs: LOOK_MS },
  );
  if (run.status !== "Completed" || run.endedAt === undefined)
    throw new Error(`run ${id} ended as ${run.status}: ${JSON.stringify(run.failure)}`);
  return Date.parse(run.endedAt) - sent;
}
