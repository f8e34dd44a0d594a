import { ApiProblem } from "../sdk/api-problem.ts";
import type { ApiClient } from "../sdk/client.ts";
import { getLog, listLogs } from "../shared/api/routes/run-content.ts";
import type { RunId } from "../shared/domain/ids.ts";

const WAIT_SECONDS = 20;

/** Paths of the logs of one try of a step (the last unless told) in reading order; none when it has not begun. */
export async function logPaths(client: ApiClient, runId: RunId, attempt?: number): Promise<string[]> {
  const reply = await orMissing(client.call(listLogs, { params: { runId }, query: { attempt } }));
  return reply?.body.files.map(({ path }) => path) ?? [];
}

/** The bytes of a log from its beginning: what is there now, or with `follow` all that comes until that try has ended. */
export async function* readLog(
  client: ApiClient,
  runId: RunId,
  path: string,
  { follow = false, attempt, signal }: { follow?: boolean; attempt?: number | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (;;) {
    const query = { path, attempt, from, waitSeconds: follow ? WAIT_SECONDS : 0 };
    const reply = await orMissing(client.call(getLog, { params: { runId }, query }, signal ? { signal } : {}));
    if (!reply) return;
    if (reply.body.length > 0) yield reply.body;
    else if (!follow) return;
    from += reply.body.length;
    if (reply.headers.get("x-log-complete") === "true") return;
  }
}

/** The last lines of a log. */
export async function tailLog(client: ApiClient, runId: RunId, path: string, lines: number): Promise<string[]> {
  const query = { path, from: -64 * 1024 };
  const reply = await orMissing(client.call(getLog, { params: { runId }, query }));
  const all = new TextDecoder().decode(reply?.body).split(/\r?\n/);
  if (all.at(-1) === "") all.pop();
  return all.slice(-lines);
}

async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  }
}
