import { randomUUID } from "node:crypto";
import { readAssignments } from "../../sdk/assignments.ts";
import { readTags } from "../../sdk/tags.ts";
import { resubmitRun } from "../../shared/api/routes/runs.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { resolveRun } from "../resolve-run.ts";
import { harmless } from "../text-width.ts";
import { watchSubmitted } from "../watch-submitted.ts";

export interface ResubmitFlags {
  readonly watch?: boolean;
  readonly step: readonly string[];
  readonly set: readonly string[];
  readonly tag: readonly string[];
  readonly displayName?: string;
}

/** `run resubmit RUN`: the new run's id (or the run, as JSON) goes to stdout, how it goes on to stderr. */
export async function resubmit(context: CommandContext, reference: string, flags: ResubmitFlags): Promise<ExitCode> {
  const { err, out } = context;
  const client = context.client();
  const { id: runId } = await resolveRun(client, reference);
  const body = {
    parameters: readAssignments(flags.set),
    tags: readTags(flags.tag),
    ...(flags.step.length > 0 && { steps: [...flags.step] }),
    ...(flags.displayName !== undefined && { displayName: flags.displayName }),
  };
  const request = { params: { runId }, body, headers: { "idempotency-key": randomUUID() } };
  const { body: run } = await client.call(resubmitRun, request, { timeoutSeconds: 120 });
  const { total = 0, byStatus = {} } = run.steps ?? {};
  const kept = byStatus.Completed ?? 0;
  err.line(`Submitted ${harmless(run.displayName)} again: ${kept} of ${total} steps kept, ${total - kept} to run`);
  for (const warning of run.warnings) err.line(`${err.colors.yellow("warning")} ${harmless(warning)}`);
  if (!context.isJson) out.line(run.id);
  if (flags.watch) return await watchSubmitted(context, run.id);
  if (context.isJson) context.json(run);
  else err.line(`  next    ${context.command} run show ${run.id}`);
  return EXIT.ok;
}
