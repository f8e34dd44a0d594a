import type { CreateChildRunRequest, EndRunRequest, PatchRunRequest } from "../api/requests.ts";
import type { RunResource } from "../api/resources.ts";
import { RunId } from "../domain/ids.ts";
import type { MetricBatch } from "../domain/metrics.ts";
import { ProblemError } from "../domain/problems.ts";
import type { RunRecord } from "../domain/run-documents.ts";
import type { Principal } from "../ports/callers.ts";
import type { RunStore } from "../ports/run-store.ts";
import { assertReach, type FoundRun, findRun } from "./find-run.ts";
import { toRunResource, type ViewRunsDeps } from "./view-runs.ts";

/** Sets tags and properties of a run of any kind. @throws {ProblemError} `property-conflict` when a property has another value already. */
export const patchRun =
  (deps: ViewRunsDeps) =>
  async (caller: Principal, runId: string, request: PatchRunRequest): Promise<RunResource> => {
    const found = await reach(deps.runs, caller, runId);
    const fixed = found.kind === "pipelineRun" ? found.head.properties : found.kind === "stepRun" ? found.stepRun.properties : {};
    await updateRecord(deps.runs, runId, (record) => {
      const before = { ...record.properties, ...fixed };
      for (const [name, value] of Object.entries(request.properties)) {
        // A property may be named `constructor`: only own members count.
        if (Object.hasOwn(before, name) && before[name] !== value) throw new ProblemError({ kind: "property-conflict", name });
      }
      const properties = { ...record.properties, ...request.properties };
      const removed = new Set([...record.removedTags, ...request.removeTags]);
      for (const name of Object.keys(request.tags)) removed.delete(name);
      const tags = Object.fromEntries(Object.entries({ ...record.tags, ...request.tags }).filter(([name]) => !removed.has(name)));
      return { ...record, properties, tags, removedTags: [...removed] };
    });
    return await toRunResource(deps, await findRun(deps.runs, runId));
  };

export const logMetrics =
  ({ runs }: { runs: RunStore }) =>
  async (caller: Principal, runId: string, batch: MetricBatch): Promise<void> => {
    const found = await reach(runs, caller, runId);
    await runs.addMetrics(runId, batch, attemptOf(found));
    await runs.durable();
  };

export const listMetrics =
  ({ runs }: { runs: RunStore }) =>
  async (caller: Principal, runId: string, name: string | undefined): Promise<MetricBatch["entries"]> => {
    const found = await reach(runs, caller, runId);
    const source = found.kind === "stepRun" && found.source ? await runs.stepRun(found.source.stepRunId) : undefined;
    const metrics = await runs.metrics(doneBy(found, runId), source?.value.attempt ?? attemptOf(found));
    return name === undefined ? metrics : metrics.filter((metric) => metric.name === name);
  };

/** Makes a run below a step run or another child run. @throws {ProblemError} conflict for a pipeline run: its children are its steps. */
export const createChildRun =
  (deps: ViewRunsDeps) =>
  async (caller: Principal, parentRunId: string, request: CreateChildRunRequest): Promise<RunResource> => {
    const parent = await reach(deps.runs, caller, parentRunId);
    if (parent.kind === "pipelineRun") throw noOwnRun("make child runs below");
    const id = RunId.parse(deps.clock.newId());
    const child = {
      id,
      parentRunId: RunId.parse(parentRunId),
      rootRunId: parent.kind === "stepRun" ? parent.stepRun.id : parent.child.rootRunId,
      name: request.name ?? id,
      createdAt: new Date(deps.clock.now()).toISOString(),
    };
    if (Object.keys(request.tags).length > 0) await deps.runs.createRecord(id, { tags: request.tags, removedTags: [], properties: {} });
    await deps.runs.addChild(child);
    await deps.runs.durable();
    return await toRunResource(deps, await findRun(deps.runs, id));
  };

export const listChildRuns =
  (deps: ViewRunsDeps) =>
  async (caller: Principal, parentRunId: string): Promise<RunResource[]> => {
    const parent = await reach(deps.runs, caller, parentRunId);
    if (parent.kind === "pipelineRun") throw noOwnRun("list child runs of");
    const children = await deps.runs.children(doneBy(parent, parentRunId));
    return await Promise.all(children.map(async ({ id }) => toRunResource(deps, await findRun(deps.runs, id))));
  };

/** How a script ends its own run or one below it. The first word stands; the same word again is fine. */
export const endRun =
  (deps: ViewRunsDeps) =>
  async (caller: Principal, runId: string, request: EndRunRequest): Promise<RunResource> => {
    const found = await reach(deps.runs, caller, runId);
    if (found.kind === "pipelineRun") throw noOwnRun("end");
    const attempt = attemptOf(found);
    await updateRecord(deps.runs, runId, (record) => {
      const said = (record.ended?.attempt ?? 1) === attempt ? record.ended : undefined;
      if (said && said.status !== request.status)
        throw new ProblemError({ kind: "conflict", message: `the run has ended as ${said.status}` });
      return {
        ...record,
        ended: said ?? {
          status: request.status,
          at: new Date(deps.clock.now()).toISOString(),
          ...(request.error !== undefined && { error: request.error }),
          ...(attempt > 1 && { attempt }),
        },
      };
    });
    return await toRunResource(deps, await findRun(deps.runs, runId));
  };

/** Which try of a step a script speaks for: what an earlier one logged is not mixed with it. */
function attemptOf(found: FoundRun): number {
  return found.kind === "stepRun" ? found.stepRun.attempt : 1;
}

/** Under which id lies what a script logged: a step that was settled without a job has that of another. */
function doneBy(found: FoundRun, runId: string): string {
  return found.kind === "stepRun" ? (found.source?.stepRunId ?? runId) : runId;
}

/** The run, if the caller may reach it. */
export async function reach(runs: RunStore, caller: Principal, runId: string): Promise<FoundRun> {
  const found = await findRun(runs, runId);
  assertReach(caller, runId, found);
  return found;
}

async function updateRecord(runs: RunStore, runId: string, change: (record: RunRecord) => RunRecord): Promise<void> {
  for (;;) {
    const stored = await runs.record(runId);
    const next = change(stored?.value ?? { tags: {}, removedTags: [], properties: {} });
    const isDone = stored ? await runs.replaceRecord(runId, next, stored.etag) : await runs.createRecord(runId, next);
    if (isDone) break;
  }
  await runs.durable();
  runs.touch(runId);
}

function noOwnRun(verb: string): ProblemError {
  return new ProblemError({
    kind: "conflict",
    message: `a script cannot ${verb} a pipeline run`,
    remedy: "use the run of the step: Run.get_context()",
  });
}
