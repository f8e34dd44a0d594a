import { forecastFile, type SubmitOptions, submitFile } from "../../sdk/submit.ts";
import { readTags } from "../../sdk/tags.ts";
import type { ForecastResource } from "../../shared/api/resources.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { forecastLines } from "../forecast-lines.ts";
import { formatBytes } from "../format.ts";
import { harmless } from "../text-width.ts";
import { watchSubmitted } from "../watch-submitted.ts";

export interface SubmitFlags {
  readonly watch?: boolean;
  readonly set: readonly string[];
  readonly tag: readonly string[];
  readonly experiment?: string;
  readonly displayName?: string;
  readonly continueOnStepFailure?: boolean;
  readonly regenerateOutputs?: boolean;
  readonly dryRun?: boolean;
}

/** `run submit FILE`: the run's id (or the run, as JSON) goes to stdout, how it goes on to stderr. */
export async function submit(context: CommandContext, file: string, flags: SubmitFlags): Promise<ExitCode> {
  const { err, out, io } = context;
  const workspace = context.workspace();
  const client = context.client();
  const options: SubmitOptions = {
    from: io.folder,
    set: flags.set,
    tags: readTags(flags.tag),
    ...(flags.experiment !== undefined && { experiment: flags.experiment }),
    ...(flags.displayName !== undefined && { displayName: flags.displayName }),
    continueOnStepFailure: flags.continueOnStepFailure ?? false,
    regenerateOutputs: flags.regenerateOutputs ?? false,
    exclude: workspace.stateFolder === undefined ? [] : [workspace.stateFolder],
  };
  if (flags.dryRun) return await dryRun(context, file, options);
  const show = (forecast: ForecastResource) => forecastLines(forecast, err.colors, false).forEach((line) => err.line(line));
  const submitted = await submitFile(client, file, { ...options, onForecast: show });
  const { run, uploadedBytes } = submitted;
  const steps = run.steps?.total ?? 0;
  const uploaded = uploadedBytes > 0 ? `, ${formatBytes(uploadedBytes)} uploaded` : "";
  err.line(
    `Submitted ${harmless(run.displayName)} to experiment ${run.experimentName}: ${steps === 1 ? "1 step" : `${steps} steps`}${uploaded}`,
  );
  if (!context.isJson) out.line(run.id);
  if (flags.watch) return await watchSubmitted(context, run.id);
  for (const warning of submitted.warnings) err.line(`${err.colors.yellow("warning")} ${harmless(warning)}`);
  if (context.isJson) context.json(run);
  else err.line(`  next    ${context.command} run show ${run.id}`);
  return EXIT.ok;
}

/** `--dry-run`: what a submit would do goes to stdout; nothing is uploaded or started. */
async function dryRun(context: CommandContext, file: string, options: SubmitOptions): Promise<ExitCode> {
  const { err, out } = context;
  const { forecast, warnings } = await forecastFile(context.client(), file, options);
  for (const warning of warnings) err.line(`${err.colors.yellow("warning")} ${harmless(warning)}`);
  if (context.isJson) context.json(forecast);
  else for (const line of forecastLines(forecast, out.colors, true)) out.line(line);
  return EXIT.ok;
}
