import { setTimeout as delay } from "node:timers/promises";
import { ApiProblem } from "../sdk/api-problem.ts";
import type { ApiClient } from "../sdk/client.ts";
import { UserError } from "../sdk/user-error.ts";
import type { StepList } from "../shared/api/resources.ts";
import { listSteps } from "../shared/api/routes/runs.ts";
import type { RunId } from "../shared/domain/ids.ts";
import { isSettled } from "../shared/domain/statuses.ts";

/** How long a workspace may be away (it restarts, say) before following it is given up, in ms. */
const PATIENCE_MS = 30_000;
/** Between two looks at the least, in ms. */
const PAUSE_MS = 100;
/** And for each step, in ms: a look at a large run costs both sides more, ten thousand steps about 50 ms. */
const PAUSE_MS_PER_STEP = 0.1;
const WAIT_SECONDS = 20;

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told once when the workspace stops answering. */
  readonly onAway?: (error: Error) => void;
}

/** The steps of a run each time something about them changes, until the run has settled; the last one is how it ended. */
export async function* followRun(client: ApiClient, runId: RunId, { signal, onAway }: FollowOptions = {}): AsyncGenerator<StepList> {
  let after: string | undefined;
  let awaySince: number | undefined;
  for (;;) {
    const askedAt = performance.now();
    const looked = await look(client, runId, after, signal);
    if (looked instanceof Error) {
      if (awaySince === undefined) onAway?.(looked);
      awaySince ??= askedAt;
      if (performance.now() - awaySince > PATIENCE_MS) throw looked;
      await delay(500, undefined, signal ? { signal } : {});
      continue;
    }
    awaySince = undefined;
    if (looked.revision !== after) yield looked;
    if (isSettled(looked.status)) return;
    after = looked.revision;
    await delay(Math.max(PAUSE_MS, looked.steps.length * PAUSE_MS_PER_STEP), undefined, signal ? { signal } : {});
  }
}

/** An error comes back as a value when the next look may well find the workspace again. */
async function look(
  client: ApiClient,
  runId: RunId,
  after: string | undefined,
  signal: AbortSignal | undefined,
): Promise<StepList | Error> {
  try {
    const query = after === undefined ? {} : { after, waitSeconds: WAIT_SECONDS };
    return (await client.call(listSteps, { params: { runId }, query }, signal ? { signal } : {})).body;
  } catch (error) {
    const isAway =
      error instanceof UserError
        ? error.kind === "unreachable"
        : error instanceof ApiProblem && (error.status >= 500 || error.status === 429);
    if (isAway && error instanceof Error) return error;
    throw error;
  }
}
