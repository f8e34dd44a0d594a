import { ApiProblem } from "../sdk/api-problem.ts";
import { UserError, type UserErrorKind } from "../sdk/user-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text-width.ts";

const BY_KIND: Readonly<Record<UserErrorKind, ExitCode>> = {
  usage: EXIT.usage,
  "not-found": EXIT.notFound,
  conflict: EXIT.conflict,
  forbidden: EXIT.forbidden,
  unreachable: EXIT.unreachable,
};

/** Something behind the workspace is out of reach, and may not be a little later. */
const PASSING = new Set([502, 503, 504]);

/** Says what went wrong in one block and gives the exit code for it. A stack is shown for a bug alone. */
export function reportError(error: unknown, err: Terminal): ExitCode {
  if (error instanceof UserError) {
    block(err, error.message, error.details, error.remedy);
    return BY_KIND[error.kind];
  }
  if (error instanceof ApiProblem) {
    const details = (error.details.errors ?? []).map(
      ({ pointer, message, remedy }) => `${pointer ? `${pointer}: ` : ""}${message}${remedy ? ` (${remedy})` : ""}`,
    );
    // What a program should send is not what a person types.
    const remedy = error.status === 401 ? undefined : error.details.remedy;
    block(err, error.message, details, remedy ?? remedyOf(error.status));
    return codeOf(error.status);
  }
  block(
    err,
    "penstock failed, which is a bug in it",
    (error instanceof Error ? (error.stack ?? error.message) : String(error)).split("\n"),
  );
  return EXIT.internal;
}

function block(err: Terminal, message: string, details: readonly string[], remedy?: string): void {
  err.line(`${err.colors.red("error")} ${harmless(message)}`);
  for (const line of details) err.line(`  ${harmless(line)}`);
  if (remedy !== undefined) err.line(`  ${err.colors.dim("try")} ${harmless(remedy.replace(/^try /, ""))}`);
}

function remedyOf(status: number): string | undefined {
  if (status === 401) return "start the workspace again, or renew PENSTOCK_TOKEN: the token is not, or no longer, good";
  if (PASSING.has(status)) return "again a little later; the workspace's own log says more";
  return status >= 500 ? "looking into the workspace's own log, which says more" : undefined;
}

function codeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.forbidden;
  if (status === 404) return EXIT.notFound;
  if (status === 409) return EXIT.conflict;
  if (PASSING.has(status)) return EXIT.unreachable;
  return status >= 500 || status === 429 ? EXIT.internal : EXIT.usage;
}
