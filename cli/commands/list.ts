import type { ApiClient } from "../../sdk/client.ts";
import { remedyFor } from "../../sdk/suggest.ts";
import { UserError } from "../../sdk/user-error.ts";
import type { RunList, RunResource } from "../../shared/api/resources.ts";
import { listRuns } from "../../shared/api/routes/runs.ts";
import { RunStatus } from "../../shared/domain/statuses.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatSpan, formatTime } from "../format.ts";
import { printTable } from "../table.ts";
import { harmless } from "../text-width.ts";

export interface ListFlags {
  readonly limit: number;
  readonly experiment?: string;
  readonly status?: string;
}

/** `run list`: pipeline runs, newest first. */
export async function list(context: CommandContext, flags: ListFlags): Promise<ExitCode> {
  const { runs, unreadable } = await readRuns(context.client(), flags);
  for (const { id, cause } of unreadable)
    context.err.line(`${context.err.colors.yellow("warning")} run ${id} cannot be read: ${harmless(cause)}; restore a backup`);
  if (context.isJson) {
    context.json(runs);
    return EXIT.ok;
  }
  const now = Date.now();
  const rows = runs.map((run) => [
    run.id,
    run.displayName,
    run.experimentName,
    run.status,
    String(run.steps?.total ?? ""),
    formatTime(run.createdAt),
    formatSpan(run.startedAt, run.endedAt, now),
  ]);
  printTable(context.out, ["run", "name", "experiment", "status", "steps", "created", "took"], rows);
  if (runs.length === 0) context.err.line(`There are no such runs. Submit one with \`${context.command} run submit FILE\`.`);
  return EXIT.ok;
}

async function readRuns(
  client: ApiClient,
  flags: ListFlags,
): Promise<{ runs: RunResource[]; unreadable: NonNullable<RunList["unreadable"]> }> {
  const filter = {
    ...(flags.experiment !== undefined && { experimentName: flags.experiment }),
    ...(flags.status !== undefined && { status: readStatus(flags.status) }),
  };
  const runs: RunResource[] = [];
  const unreadable: NonNullable<RunList["unreadable"]> = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(1000, flags.limit - runs.length);
    const page = (await client.call(listRuns, { query: { ...filter, limit, ...(cursor !== undefined && { cursor }) } })).body;
    runs.push(...page.runs);
    unreadable.push(...(page.unreadable ?? []));
    cursor = page.cursor;
  } while (cursor !== undefined && runs.length < flags.limit);
  return { runs, unreadable };
}

function readStatus(text: string): RunStatus {
  const found = RunStatus.options.find((status) => status.toLowerCase() === text.toLowerCase());
  if (found) return found;
  throw new UserError("usage", `--status ${JSON.stringify(text)} is not a status`, {
    remedy: remedyFor(text, RunStatus.options, "statuses"),
  });
}
