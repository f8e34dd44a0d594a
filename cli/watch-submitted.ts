import type { RunId } from "../shared/domain/ids.ts";
import type { RunOutcome } from "../shared/domain/statuses.ts";
import type { CommandContext } from "./command-context.ts";
import { showRunJson } from "./commands/show.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { watchRun } from "./watch-run.ts";

/** Shows a run that was just submitted until it ends; its end is the exit code. Ctrl-C lets go of it, and it goes on. */
export async function watchSubmitted(context: CommandContext, runId: RunId): Promise<ExitCode> {
  const { err, io, command } = context;
  const client = context.client();
  try {
    const hint = "Ctrl-C detaches";
    const outcome = await watchRun(client, runId, { stream: io.stderr, environment: io.environment, signal: io.signal, command, hint });
    if (context.isJson) await showRunJson(context, client, runId);
    return exitCodeOf(outcome);
  } catch (error) {
    if (!io.signal.aborted) throw error;
    err.line();
    err.line("Detached; the run goes on.");
    err.line(`  look    ${command} run show ${runId}`);
    err.line(`  cancel  ${command} run cancel ${runId}`);
    return EXIT.interrupted;
  }
}

function exitCodeOf(outcome: RunOutcome): ExitCode {
  switch (outcome) {
    case "Completed":
      return EXIT.ok;
    case "Failed":
      return EXIT.runFailed;
    case "Canceled":
      return EXIT.runCanceled;
  }
}
