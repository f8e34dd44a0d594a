import type { ApiClient } from "../../sdk/client.ts";
import { inParallel } from "../../sdk/in-parallel.ts";
import type { RunResource } from "../../shared/api/resources.ts";
import { listMetrics } from "../../shared/api/routes/run-content.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import type { MetricEntry } from "../../shared/domain/metrics.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { resolveRun, resolveSteps } from "../resolve-run.ts";
import { printTable } from "../table.ts";
import { cutText } from "../text-width.ts";

interface RunMetrics {
  /** Key of the step; null for the run itself. */
  readonly step: string | null;
  readonly runId: RunId;
  readonly metrics: readonly MetricEntry[];
}

/** `run metrics RUN [STEP]`: what a run and its steps logged; a table shows the last value of a series, JSON all. */
export async function metrics(context: CommandContext, reference: string, step: string | undefined): Promise<ExitCode> {
  const client = context.client();
  const run = await resolveRun(client, reference);
  const found = await inParallel(await targets(client, run, step), 4, async (target): Promise<RunMetrics> => {
    const { metrics } = (await client.call(listMetrics, { params: { runId: target.runId } })).body;
    return { ...target, metrics };
  });
  if (context.isJson) context.json(found);
  else printMetrics(context, found);
  return EXIT.ok;
}

async function targets(client: ApiClient, run: RunResource, wanted: string | undefined): Promise<{ step: string | null; runId: RunId }[]> {
  if (run.kind !== "pipelineRun") return [{ step: null, runId: run.id }];
  const steps = await resolveSteps(client, run, wanted);
  const begun = steps
    .filter(({ status }) => status !== "NotStarted" && status !== "Skipped")
    .map(({ key, runId }) => ({ step: key, runId }));
  return wanted === undefined ? [{ step: null, runId: run.id }, ...begun] : begun;
}

function printMetrics({ out, err }: CommandContext, found: readonly RunMetrics[]): void {
  const rows = found.flatMap(({ step, metrics }) =>
    [...Map.groupBy(metrics, ({ name }) => name)].map(([name, entries]) => {
      const last = entries.at(-1);
      const value = typeof last?.value === "object" && last.value !== null ? JSON.stringify(last.value) : String(last?.value);
      return [step ?? "", name, last?.kind ?? "", out.isTTY ? cutText(value, 60) : value, String(entries.length)];
    }),
  );
  printTable(out, ["step", "metric", "kind", "value", "logged"], rows);
  if (rows.length === 0) err.line("No metrics were logged.");
}
