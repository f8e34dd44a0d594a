import type { ApiClient } from "../sdk/client.ts";
import type { RunResource, StepList } from "../shared/api/resources.ts";
import { getRun } from "../shared/api/routes/runs.ts";
import { RunId } from "../shared/domain/ids.ts";
import { RunOutcome } from "../shared/domain/statuses.ts";
import { reportFailure } from "./failure-report.ts";
import { followRun } from "./follow-run.ts";
import { formatSpan } from "./format.ts";
import { LiveTable } from "./live-table.ts";
import { PlainLines } from "./plain-lines.ts";
import { type Environment, type Terminal, type TextStream, terminalOf } from "./terminal.ts";
import { harmless } from "./text-width.ts";

export interface WatchOutput {
  /** Where the view is drawn, e.g. `process.stdout`: in place on a terminal, else a line for each change. */
  readonly stream: TextStream;
  /** `process.env` unless told: NO_COLOR, FORCE_COLOR, TERM and CI count. */
  readonly environment?: Environment;
  /** Ends the watching; the run goes on. What was thrown is the signal's reason. */
  readonly signal?: AbortSignal;
  /** What a user types to get the command, in hints. */
  readonly command?: string;
  /** Whether to say what to type next; true unless told. A workspace that ends with the run can be asked nothing more. */
  readonly hints?: boolean;
  /** What stands below a live table, e.g. what Ctrl-C does. */
  readonly hint?: string;
}

/** Shows a pipeline run until it has settled, and then why it failed if it did. Gives how it ended. */
export async function watchRun(client: ApiClient, runId: string, output: WatchOutput): Promise<RunOutcome> {
  const out = terminalOf(output.stream, output.environment ?? process.env);
  const command = output.command ?? "penstock";
  const id = RunId.parse(runId);
  const started = await readRun(client, id);
  for (const warning of started.warnings) out.line(`${out.colors.yellow("warning")} ${harmless(warning)}`);
  const last = await showSteps(client, started, out, output);
  const run = await readRun(client, id);
  const outcome = RunOutcome.parse(run.status);
  if (outcome === "Failed") await reportFailure(client, run, last?.steps ?? [], out, command);
  for (const warning of run.warnings.slice(started.warnings.length)) out.line(`${out.colors.yellow("warning")} ${harmless(warning)}`);
  sayOutcome(run, outcome, out, output.hints === false ? undefined : command);
  return outcome;
}

async function showSteps(client: ApiClient, run: RunResource, out: Terminal, output: WatchOutput): Promise<StepList | undefined> {
  const view = out.isLive ? new LiveTable(out, output.hint ?? "", Date.parse(run.createdAt)) : new PlainLines(out);
  const onAway = (error: Error): void => void (out.isLive || out.line(`${error.message}; trying again`));
  let last: StepList | undefined;
  try {
    for await (const list of followRun(client, run.id, { signal: output.signal, onAway })) {
      last = list;
      view.show(list);
    }
  } finally {
    view.close();
  }
  return last;
}

function sayOutcome(run: RunResource, outcome: RunOutcome, out: Terminal, command: string | undefined): void {
  const { green, red, yellow, bold } = out.colors;
  const mark = { Completed: green("✔"), Failed: red("✖"), Canceled: yellow("■") }[outcome];
  out.line();
  out.line(
    `${mark} ${bold(harmless(run.displayName))} ${outcome.toLowerCase()} after ${formatSpan(run.startedAt ?? run.createdAt, run.endedAt, Date.now())}`,
  );
  if (outcome === "Completed" && command !== undefined) out.line(`  next    ${command} run outputs ${run.id}`);
}

async function readRun(client: ApiClient, runId: RunId): Promise<RunResource> {
  return (await client.call(getRun, { params: { runId } })).body;
}
