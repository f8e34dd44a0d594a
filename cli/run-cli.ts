import { CommanderError } from "commander";
import type { Io } from "./command-context.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { terminalOf } from "./terminal.ts";

/** Runs the command line and gives the exit code. Nothing is thrown. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = buildProgram(io, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // Help that was asked for ends with 0, a wrong call with 1: that is 2 here.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return io.signal.aborted ? EXIT.interrupted : reportError(error, terminalOf(io.stderr, io.environment));
  }
}
