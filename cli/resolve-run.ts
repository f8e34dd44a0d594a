import type { ApiClient } from "../sdk/client.ts";
import { remedyFor } from "../sdk/suggest.ts";
import { UserError } from "../sdk/user-error.ts";
import type { RunResource, StepResource } from "../shared/api/resources.ts";
import { getRun, listRuns, listSteps } from "../shared/api/routes/runs.ts";
import { RunId } from "../shared/domain/ids.ts";

/** Runs that a prefix or name is looked for among: the newest. */
const SEARCHED_RUNS = 5000;
const MIN_PREFIX = 4;

/**
 * The run a user means: an id of any kind of run; `@latest` or `@failed`, the newest and the newest that failed; the beginning of a
 * pipeline run's id, or its display name, when only one fits.
 * @throws {UserError} `not-found`, or `usage` with the choice when several fit.
 */
export async function resolveRun(client: ApiClient, reference: string): Promise<RunResource> {
  const id = RunId.safeParse(reference);
  if (id.success) return (await client.call(getRun, { params: { runId: id.data } })).body;
  if (reference.startsWith("@")) return await newest(client, reference);
  return only(reference, await matching(client, reference));
}

async function newest(client: ApiClient, reference: string): Promise<RunResource> {
  if (reference !== "@latest" && reference !== "@failed") {
    throw new UserError("usage", `${reference} is not a run`, { remedy: "write @latest, @failed, an id or the beginning of one" });
  }
  const query = reference === "@latest" ? { limit: 1 } : { limit: 1, status: "Failed" as const };
  const [run] = (await client.call(listRuns, { query })).body.runs;
  if (run) return run;
  throw new UserError("not-found", reference === "@latest" ? "There are no runs yet" : "No run has failed", {
    ...(reference === "@latest" && { remedy: "submit one with `penstock run submit FILE`" }),
  });
}

async function matching(client: ApiClient, reference: string): Promise<RunResource[]> {
  const prefix = /^[0-9a-f-]+$/i.test(reference) && reference.length >= MIN_PREFIX ? reference.toLowerCase() : undefined;
  const found: RunResource[] = [];
  let cursor: string | undefined;
  for (let searched = 0; searched < SEARCHED_RUNS; searched += 1000) {
    const page = (await client.call(listRuns, { query: { limit: 1000, ...(cursor !== undefined && { cursor }) } })).body;
    found.push(...page.runs.filter((run) => run.displayName === reference || (prefix !== undefined && run.id.startsWith(prefix))));
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return found;
}

function only(reference: string, found: readonly RunResource[]): RunResource {
  const [run, ...others] = found;
  if (!run) {
    throw new UserError("not-found", `No run has an id that begins with ${JSON.stringify(reference)}, or this name`, {
      remedy: "`penstock run list` shows the runs",
    });
  }
  if (others.length === 0) return run;
  throw new UserError("usage", `${JSON.stringify(reference)} may be any of ${found.length} runs`, {
    details: found.slice(0, 10).map(({ id, displayName, status, createdAt }) => `${id}  ${displayName}  ${status}  ${createdAt}`),
    remedy: "write more of the id",
  });
}

/** The steps a user means: all of a run, or the one with this key (or with this name, when only one has it). */
export async function resolveSteps(client: ApiClient, run: RunResource, wanted: string | undefined): Promise<StepResource[]> {
  const { steps } = (await client.call(listSteps, { params: { runId: run.id } })).body;
  if (wanted === undefined) return steps;
  const exact = steps.filter(({ key }) => key === wanted);
  const found = exact.length > 0 ? exact : steps.filter(({ name }) => name === wanted);
  if (found.length === 1) return found;
  if (found.length > 1)
    throw new UserError("usage", `${found.length} steps are named ${JSON.stringify(wanted)}`, {
      remedy: `name one by its key: ${found.map(({ key }) => key).join(", ")}`,
    });
  throw new UserError("not-found", `Run ${run.id} has no step ${JSON.stringify(wanted)}`, {
    remedy: remedyFor(
      wanted,
      steps.map(({ key }) => key),
      "steps",
    ),
  });
}
