import type { ApiClient } from "../../sdk/client.ts";
import type { RunResource, StepResource } from "../../shared/api/resources.ts";
import { getRun, listSteps } from "../../shared/api/routes/runs.ts";
import { RunId } from "../../shared/domain/ids.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { reportFailure } from "../failure-report.ts";
import { formatSpan, formatTime } from "../format.ts";
import { resolveRun } from "../resolve-run.ts";
import { causeOf, lookOf, remarkOf, spanOf } from "../step-line.ts";
import { printFields, printTable } from "../table.ts";

/** `run show RUN`: the run, its steps, and why it failed. */
export async function show(context: CommandContext, reference: string): Promise<ExitCode> {
  const client = context.client();
  const run = await resolveRun(client, reference);
  if (context.isJson) {
    await showRunJson(context, client, run.id);
    return EXIT.ok;
  }
  const steps = await stepsOf(client, run);
  printFields(context.out, fieldsOf(run));
  if (steps) {
    if (context.out.isTTY) context.out.line();
    printSteps(context, steps);
    if (run.status === "Failed") await reportFailure(client, run, steps, context.err, context.command);
  }
  return EXIT.ok;
}

/** A run as the API has it, a pipeline run with `stepRuns`. */
export async function showRunJson(context: CommandContext, client: ApiClient, runId: string): Promise<void> {
  const run = (await client.call(getRun, { params: { runId: RunId.parse(runId) } })).body;
  const steps = await stepsOf(client, run);
  context.json({ ...run, ...(steps && { stepRuns: steps }) });
}

async function stepsOf(client: ApiClient, run: RunResource): Promise<StepResource[] | undefined> {
  if (run.kind !== "pipelineRun") return undefined;
  return (await client.call(listSteps, { params: { runId: run.id } })).body.steps;
}

function fieldsOf(run: RunResource): [string, string][] {
  const pairs = (values: Readonly<Record<string, string | null>>): string =>
    Object.entries(values)
      .map(([name, value]) => (value === null ? name : `${name}=${value}`))
      .join("  ");
  const parameters = Object.entries(run.parameters ?? {}).map(
    ([name, { value, origin }]) => `${name}=${shownValue(value)}${origin === "default" ? "" : ` (${ORIGINS[origin] ?? origin})`}`,
  );
  return [
    ["run", run.id],
    ["kind", run.kind === "pipelineRun" ? "" : run.kind],
    ["name", run.displayName],
    ["experiment", run.experimentName],
    ["status", run.status],
    ["created", formatTime(run.createdAt)],
    ["by", run.createdBy?.name ?? ""],
    ["took", formatSpan(run.startedAt, run.endedAt, Date.now())],
    ["parameters", parameters.join("  ")],
    ["tags", pairs(run.tags)],
    ["git", gitOf(run)],
    ["cause", causeOf(run.failure)],
    ["remedy", run.failure?.remedy ?? ""],
    ...run.warnings.map((warning): [string, string] => ["warning", warning]),
  ];
}

/** How the command line says where a parameter's value came from. */
const ORIGINS: Readonly<Record<string, string>> = { submit: "set" };

function shownValue(value: string | number | boolean | { datastore: string; path: string }): string {
  return typeof value === "object" ? `${value.datastore}:${value.path}` : String(value);
}

function gitOf({ properties }: RunResource): string {
  const commit = properties["azureml.git.commit"];
  if (commit === undefined) return "";
  const dirty = properties["azureml.git.dirty"] === "True" ? ", with changes" : "";
  return `${commit.slice(0, 12)}${properties["azureml.git.branch"] === undefined ? "" : ` on ${properties["azureml.git.branch"]}`}${dirty}`;
}

function printSteps({ out }: CommandContext, steps: readonly StepResource[]): void {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const now = Date.now();
  const rows = steps.map((step) => [
    step.key,
    lookOf(step.status).word,
    spanOf(step, now),
    step.attempt > 0 ? String(step.attempt) : "",
    step.runId,
    remarkOf(step, byKey),
  ]);
  printTable(out, ["step", "status", "took", "attempt", "step run", "remark"], rows);
}
