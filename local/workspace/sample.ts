import { join } from "node:path";
import { shellWord } from "../../cli/shell-word.ts";
import { watchRun } from "../../cli/watch-run.ts";
import { submitFile } from "../../sdk/submit.ts";
import { listRuns } from "../../shared/api/routes/runs.ts";
import { isSettled, type RunOutcome } from "../../shared/domain/statuses.ts";
import type { StartOptions } from "./start-options.ts";
import type { Workspace } from "./start-workspace.ts";

/**
 * Runs samples/iris and shows it live: in an empty workspace, and whenever `--once` asks for it.
 * @returns how it ended; undefined when none was run, or when the start was interrupted.
 */
export async function runSample(
  { client, root }: Workspace,
  { once, sample, stateFolder }: StartOptions,
  signal: AbortSignal,
): Promise<RunOutcome | undefined> {
  const command = commandFor(stateFolder);
  const isEmpty = (await client.call(listRuns, { query: { limit: 1 } })).body.runs.length === 0;
  let outcome: RunOutcome | undefined;
  if (once || (sample && isEmpty)) {
    console.log("Running the sample pipeline, samples/iris\n");
    try {
      const { run } = await submitFile(client, join(root, "samples", "iris", "pipeline.yml"));
      outcome = await watchRun(client, run.id, { stream: process.stdout, signal, ...(once ? { hints: false } : { command }) });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }
  if (once) return outcome;
  const live = (await client.call(listRuns, { query: { limit: 100 } })).body.runs.filter((run) => !isSettled(run.status)).length;
  if (live > 0) console.log(`${live === 1 ? "A run goes" : `${live} runs go`} on from the last time: ${command} run list`);
  console.log(`\nThe workspace stays up; Ctrl-C stops it. \`${command} run list\` shows what ran here.`);
  return outcome;
}

/** What a person types from the folder they are in to reach this very workspace. */
function commandFor(stateFolder: string): string {
  const folder = process.env["INIT_CWD"] ?? process.cwd();
  return stateFolder === join(folder, ".penstock") ? "npx penstock" : `npx penstock --state ${shellWord(stateFolder)}`;
}
