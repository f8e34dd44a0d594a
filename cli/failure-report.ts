import type { ApiClient } from "../sdk/client.ts";
import type { RunResource, StepResource } from "../shared/api/resources.ts";
import { logPaths, tailLog } from "./read-log.ts";
import { shellWord } from "./shell-word.ts";
import { spanOf } from "./step-line.ts";
import type { Terminal } from "./terminal.ts";
import { cutText, harmless } from "./text-width.ts";

/** Columns of one of them: a script may print a megabyte without an end of line. */
const LINE_WIDTH = 500;
const TAIL_LINES = 30;
/** Failed steps shown in full; a run in which hundreds fail, fails for one reason. */
const MAX_STEPS = 3;

/** Says why a run failed: of each failed step its cause, the end of its log and what to try next. */
export async function reportFailure(
  client: ApiClient,
  run: RunResource,
  steps: readonly StepResource[],
  out: Terminal,
  command: string,
): Promise<void> {
  const failed = steps.filter(({ status }) => status === "Failed");
  for (const step of failed.slice(0, MAX_STEPS)) await reportStep(client, run, step, out, command);
  if (failed.length > MAX_STEPS) out.line(`and ${failed.length - MAX_STEPS} more failed: ${command} run show ${run.id}`);
  if (failed.length === 0 && run.failure) describe(out, run.failure);
}

async function reportStep(client: ApiClient, run: RunResource, step: StepResource, out: Terminal, command: string): Promise<void> {
  const { red, bold, dim } = out.colors;
  const exit = step.failure?.exitCode === undefined ? "" : `, exit code ${step.failure.exitCode}`;
  const span = spanOf(step, Date.now());
  out.line();
  out.line(`${red("✖")} ${bold(harmless(step.key))} failed${span && ` after ${span}`} (attempt ${step.attempt})${exit}`);
  if (step.failure) describe(out, step.failure);
  const { path, lines } = await lastLines(client, step);
  // A cause may end with the log's last lines already, as one of a build that failed does.
  if (path !== undefined && !step.failure?.cause.endsWith(`\n${lines.at(-1)}`)) {
    out.line(dim(`  the last ${lines.length === 1 ? "line" : `${lines.length} lines`} of ${path}:`));
    for (const line of lines) out.line(`${dim("  │")} ${cutText(harmless(line), LINE_WIDTH)}`);
  }
  out.line(`  next    ${command} run logs ${run.id} ${shellWord(step.key)}`);
}

function describe(out: Terminal, { cause, remedy }: { cause: string; remedy?: string | undefined }): void {
  const [first = "", ...more] = cause.split("\n");
  out.line(`  cause   ${harmless(first)}`);
  for (const line of more) out.line(`          ${harmless(line)}`);
  if (remedy !== undefined) out.line(`  remedy  ${harmless(remedy)}`);
}

/** The end of the log that says most: what the script printed, or when it printed nothing, what came before it. */
async function lastLines(client: ApiClient, step: StepResource): Promise<{ path?: string; lines: string[] }> {
  const paths = await logPaths(client, step.runId);
  const ordered = [...paths].sort((a, b) => Number(b.startsWith("user_logs/")) - Number(a.startsWith("user_logs/")));
  for (const path of ordered) {
    const lines = await tailLog(client, step.runId, path, TAIL_LINES);
    if (lines.length > 0) return { path, lines };
  }
  return { lines: [] };
}
