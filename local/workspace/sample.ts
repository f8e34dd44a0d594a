import { join } from "node:path";
import { watchRun } from "../../cli/watch-run.ts";
import { submitFile } from "../../sdk/submit.ts";
import { listRuns } from "../../shared/api/routes/runs.ts";
import type { RunOutcome } from "../../shared/domain/statuses.ts";
import type { StartOptions } from "./start-options.ts";
import type { Workspace } from "./start-workspace.ts";

/**
 * Runs samples/iris and shows it live: in an empty workspace, and whenever `--once` asks for it.
 * @returns how it ended; undefined when none was run, or when the start was interrupted.
 */
export async function runSample(
  { client, root }: Workspace,
  { once, sample }: StartOptions,
  signal: AbortSignal,
): Promise<RunOutcome | undefined> {
  const isEmpty = (await client.call(listRuns, { query: { limit: 1 } })).body.runs.length === 0;
  let outcome: RunOutcome | undefined;
  if (once || (sample && isEmpty)) {
    console.log("Running the sample pipeline, samples/iris\n");
    try {
      const { run } = await submitFile(client, join(root, "samples", "iris", "pipeline.yml"));
      outcome = await watchRun(client, run.id, { stream: process.stdout, signal, command: "npx penstock" });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }
  if (!once) console.log("\nThe workspace stays up; Ctrl-C stops it. `npx penstock run list` shows what ran here.");
  return outcome;
}
