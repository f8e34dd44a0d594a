import { createHash } from "node:crypto";
import type { RunList, RunResource, StepList, StepResource } from "../api/resources.ts";
import { ProblemError } from "../domain/problems.ts";
import type { ReusedStep } from "../domain/reuse.ts";
import { type Progress, type RunHead, type RunRecord, STEP_LETTERS } from "../domain/run-documents.ts";
import { planOf, type RunPlan } from "../domain/run-plan.ts";
import { StepStatus } from "../domain/statuses.ts";
import { StepTurn } from "../domain/turns.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import { StoreError } from "../ports/documents.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { RunStore, UnreadableRun } from "../ports/run-store.ts";
import { assertReach, type FoundRun, findRun } from "./find-run.ts";
import { inBatches } from "./in-batches.ts";
import { reusedSteps } from "./reused-sources.ts";
import { SharedLooks } from "./shared-looks.ts";
import type { StepPhases } from "./step-phases.ts";

export interface ViewRunsDeps {
  runs: RunStore;
  phases: StepPhases;
  clock: Clock;
  orchestrations: Orchestrations;
}

/** How a GET waits: until the revision is another than `after`, `waitSeconds` at the most. */
export interface LongPoll {
  after?: string | undefined;
  waitSeconds: number;
}

/** Steps whose phase is asked of other processes for one view; more of them show as Queued. */
const ASKED_PHASES = 100;

/** Which runs a list shows: those that have all that is given. */
export interface ListRunsQuery {
  experimentName?: string | undefined;
  status?: string | undefined;
  pipelineId?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export const listRuns =
  ({ runs }: Pick<ViewRunsDeps, "runs">) =>
  async ({ limit, cursor, experimentName, status, pipelineId }: ListRunsQuery): Promise<RunList> => {
    const filter = { ...(experimentName && { experimentName }), ...(status && { status }), ...(pipelineId && { pipelineId }) };
    const page = await runs.list(filter, { after: cursor, limit });
    const unreadable = [...page.unreadable];
    const shown = await Promise.all(page.items.map((head) => viewPipelineRun(runs, head).catch(unless(head.id, unreadable))));
    return {
      runs: shown.filter((run) => run !== undefined),
      ...(page.next !== undefined && { cursor: page.next }),
      ...(unreadable.length > 0 && { unreadable }),
    };
  };

/** A run of which another document is damaged goes to the unreadable ones. */
function unless(id: string, unreadable: UnreadableRun[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof StoreError) || error.retryable) throw error;
    unreadable.push({ id, cause: error.message });
  };
}

export const getRun =
  (deps: ViewRunsDeps) =>
  async (caller: Principal, runId: string, poll: LongPoll): Promise<RunResource> => {
    const run = await waitForNews(deps, runId, poll, async () => {
      const found = await findRun(deps.runs, runId);
      assertReach(caller, runId, found);
      return await toRunResource(deps, found);
    });
    // Who hears of an end acts on it: it must not come undone with the power.
    if (run.endedAt !== undefined) await deps.runs.durable();
    return run;
  };

export const listSteps =
  (deps: ViewRunsDeps) =>
  async (runId: string, poll: LongPoll): Promise<StepList> =>
    await waitForNews(deps, runId, poll, () => looksOf(deps.runs).look(runId, () => viewSteps(deps, runId)));

const looks = new WeakMap<RunStore, SharedLooks<StepList>>();

/** A view of a large run takes megabytes: all who watch it share one. */
function looksOf(runs: RunStore): SharedLooks<StepList> {
  const known = looks.get(runs) ?? new SharedLooks<StepList>();
  looks.set(runs, known);
  return known;
}

/** Any run as the API shows it. */
export async function toRunResource(deps: ViewRunsDeps, found: FoundRun): Promise<RunResource> {
  switch (found.kind) {
    case "pipelineRun": {
      return await viewPipelineRun(deps.runs, found.head);
    }
    case "stepRun": {
      const { stepRun } = found;
      const [record, head] = await Promise.all([deps.runs.record(stepRun.id), deps.runs.head(stepRun.runId)]);
      const status = stepRun.status === "Running" ? (deps.phases.get(stepRun.id)?.status ?? "Running") : stepRun.status;
      return {
        ...common(stepRun.id, "stepRun", record?.value, stepRun.properties, [found.etag, status, JSON.stringify(record?.etag)]),
        tags: mergeTags(head?.value.stepTags ?? {}, record?.value),
        experimentName: head?.value.experimentName ?? "",
        displayName: stepRun.key,
        status,
        attempt: stepRun.attempt,
        ...(stepRun.earlierAttempts.length > 0 && { earlierAttempts: stepRun.earlierAttempts }),
        parentRunId: stepRun.runId,
        createdAt: stepRun.createdAt,
        ...(stepRun.startedAt && { startedAt: stepRun.startedAt }),
        ...(stepRun.endedAt && { endedAt: stepRun.endedAt }),
        ...(stepRun.failure && { failure: stepRun.failure }),
        warnings: stepRun.warnings,
      };
    }
    case "childRun": {
      const { child } = found;
      const [record, root] = await Promise.all([deps.runs.record(child.id), deps.runs.stepRun(child.rootRunId)]);
      const head = root && (await deps.runs.head(root.value.runId));
      const ended = record?.value.ended;
      return {
        ...common(child.id, "childRun", record?.value, {}, [found.etag, JSON.stringify(record?.etag)]),
        experimentName: head?.value.experimentName ?? "",
        displayName: child.name,
        status: ended?.status ?? "Running",
        parentRunId: child.parentRunId,
        createdAt: child.createdAt,
        ...(ended && { endedAt: ended.at }),
        ...(ended?.error !== undefined && { failure: { code: "ScriptFailedRun", cause: ended.error } }),
        warnings: [],
      };
    }
  }
}

function common<K extends RunResource["kind"]>(
  id: RunResource["id"],
  kind: K,
  record: RunRecord | undefined,
  properties: Record<string, string>,
  revised: readonly string[],
) {
  return { id, kind, revision: digest(revised), tags: record?.tags ?? {}, properties: { ...properties, ...record?.properties } };
}

async function viewPipelineRun(runs: RunStore, head: RunHead): Promise<RunResource> {
  const [record, progress] = await Promise.all([runs.record(head.id), runs.progress(head.id)]);
  return pipelineRun(head, record?.value, progress?.value);
}

function pipelineRun(head: RunHead, record: RunRecord | undefined, progress: Progress | undefined): RunResource {
  const { stepCount, settled: _settled, cancelRequestedAt: _cancel, ...shown } = head;
  const byStatus: Partial<Record<StepStatus, number>> = {};
  for (const letter of progress?.steps ?? "") {
    const status = STEP_LETTERS[letter as keyof typeof STEP_LETTERS];
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
  return {
    ...shown,
    kind: "pipelineRun",
    revision: digest([head.status, head.endedAt ?? "", progress?.steps ?? "", JSON.stringify(record ?? {})]),
    steps: { total: stepCount, byStatus },
    tags: mergeTags(head.tags, record),
    properties: { ...head.properties, ...record?.properties },
  };
}

/** What was set later goes over what the submit set, without what was taken away. */
function mergeTags(set: RunHead["tags"], record: RunRecord | undefined): RunHead["tags"] {
  const removed = new Set(record?.removedTags);
  return Object.fromEntries(Object.entries({ ...set, ...record?.tags }).filter(([name]) => !removed.has(name)));
}

async function viewSteps(deps: ViewRunsDeps, runId: string): Promise<StepList> {
  const [head, graph, progress] = await Promise.all([deps.runs.head(runId), deps.runs.graph(runId), deps.runs.progress(runId)]);
  if (!head || !graph || !progress)
    throw new ProblemError({ kind: "not-found", what: "pipeline run", id: runId, remedy: "a step run has no steps of its own" });
  const plan = planOf(graph);
  const settled = new Map((await deps.runs.settledAfter(runId, "")).map(({ marker }) => [marker.index, marker]));
  const [phases, reused] = await Promise.all([
    phasesOf(deps, plan, progress.value, settled),
    reusedSteps(deps.runs, runId, progress.value),
  ]);
  const steps = graph.graph.steps.map((step, index): StepResource => {
    const marker = settled.get(index);
    const phase = phases.get(index);
    const status = marker?.status ?? phase?.status ?? STEP_LETTERS[progress.value.steps[index] as keyof typeof STEP_LETTERS];
    return {
      key: step.key,
      name: step.name ?? step.key,
      type: step.type,
      runId: graph.stepRunIds[index] ?? head.value.id,
      status,
      attempt: marker?.attempt ?? phase?.attempt ?? (reused.has(index) ? 1 : 0),
      dependsOn: (plan.dependsOn[index] ?? []).flatMap((dependency) => graph.graph.steps[dependency]?.key ?? []),
      ...((marker?.startedAt ?? phase?.startedAt) && { startedAt: marker?.startedAt ?? phase?.startedAt }),
      ...(marker && { endedAt: marker.endedAt }),
      ...reusedMembers(reused.get(index)),
      ...(marker?.failure && { failure: marker.failure }),
      ...(marker && marker.warnings.length > 0 && { warnings: marker.warnings }),
    };
  });
  const revised = [head.value.status, ...steps.map((step) => `${step.status}${step.attempt}`)];
  return { runId: head.value.id, status: head.value.status, revision: digest(revised), steps };
}

function reusedMembers(reused: ReusedStep | undefined): Partial<StepResource> {
  if (!reused) return {};
  const { at, source } = reused;
  return { startedAt: at, endedAt: at, reusedFrom: { runId: source.runId, stepRunId: source.stepRunId } };
}

interface ShownPhase {
  status: StepStatus;
  attempt: number;
  startedAt?: string;
}

/** Where started steps stand: as this process heard, else as their orchestration last said. */
async function phasesOf(
  { phases, orchestrations }: ViewRunsDeps,
  plan: RunPlan,
  progress: Progress,
  settled: ReadonlyMap<number, unknown>,
): Promise<Map<number, ShownPhase>> {
  const found = new Map<number, ShownPhase>();
  const unheard: number[] = [];
  [...progress.steps].forEach((letter, index) => {
    if (letter !== "s" || settled.has(index)) return;
    const heard = phases.get(plan.graph.stepRunIds[index] ?? "");
    found.set(
      index,
      heard
        ? {
            status: heard.status,
            attempt: heard.attempt,
            ...(heard.status === "Running" && { startedAt: new Date(heard.since).toISOString() }),
          }
        : { status: "Queued", attempt: 1 },
    );
    if (!heard) unheard.push(index);
  });
  await inBatches(unheard.slice(0, ASKED_PHASES), 16, async (index) => {
    const said = StepTurn.safeParse((await orchestrations.look(plan.graph.stepRunIds[index] ?? ""))?.customStatus);
    if (said.success) found.set(index, { status: StepStatus.parse(said.data.status), attempt: said.data.attempt ?? 1 });
  });
  return found;
}

/**
 * Looks until the revision is another one. What changed between a look and the wait is not missed: the count was read before the look. Changes that
 * follow one another closely are one piece of news; an end waits for nothing.
 */
async function waitForNews<T extends { revision: string; endedAt?: string | undefined }>(
  { runs }: ViewRunsDeps,
  runId: string,
  { after, waitSeconds }: LongPoll,
  look: () => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(waitSeconds * 1000)));
  let hasPaused = false;
  for (;;) {
    const seen = runs.changes(runId);
    const view = await look();
    if (after === undefined || waitSeconds === 0 || signal.aborted) return view;
    if (view.revision === after) await runs.changed(runId, seen, signal);
    else if (hasPaused || view.endedAt !== undefined) return view;
    else {
      await runs.lull(runId, signal);
      hasPaused = true;
    }
  }
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}
