import { constants } from "node:os";
import type { JobFailure } from "../store/job-records.ts";

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

const REMEDIES: Readonly<Record<number, string>> = {
  126: "the file is there, but cannot be run: is it executable, and is its first line right?",
  127: "the program was not found; it must be in the environment and on PATH",
};

/** What an exit code other than 0 means. By the shell's rule 128 and above stand for an end by signal. */
export function exitCause(code: number): JobFailure {
  const name = code > 128 ? SIGNALS.get(code - 128) : undefined;
  if (name === "SIGKILL") {
    const message = `The command was ended by signal SIGKILL (exit code ${code}). If nobody killed it, the machine may have run out of memory.`;
    return { code: "UserError", message };
  }
  if (name)
    return {
      code: "UserError",
      message: `The command was ended by signal ${name} (exit code ${code}). See the end of user_logs/std_log.txt.`,
    };
  const remedy = REMEDIES[code];
  return {
    code: "UserError",
    message: `The command ended with exit code ${code}${remedy ? `: ${remedy}` : ""}. See the end of user_logs/std_log.txt.`,
  };
}
