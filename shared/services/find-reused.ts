import { RunId } from "../domain/ids.ts";
import type { ReusedStep, ReuseSource } from "../domain/reuse.ts";
import type { RunGraph, RunHead, StepRunDocument } from "../domain/run-documents.ts";
import { floorOf, timeOf } from "../domain/uuid7.ts";
import type { RunStore } from "../ports/run-store.ts";
import { reusedSteps } from "./reused-sources.ts";

/** Runs that are looked through for a step, the newest first. */
const SEARCHED_RUNS = 200;
/** A step's id is made with its run's, or later by as much as a submit takes. */
const SUBMIT_MS = 60_000;

/**
 * A step that was settled by the results of an earlier run, by its step run id. It has no document of its own: its id was made right after its
 * run's, which is how the run is found.
 */
export async function findReused(
  runs: RunStore,
  stepRunId: string,
): Promise<{ document: StepRunDocument; source: ReuseSource } | undefined> {
  const id = RunId.safeParse(stepRunId).data;
  if (!id || !isUuid7(id)) return undefined;
  const oldest = floorOf(timeOf(id) - SUBMIT_MS);
  const { items } = await runs.list({}, { after: id, limit: SEARCHED_RUNS });
  for (const head of items) {
    if (head.id < oldest) return undefined;
    const graph = await runs.graph(head.id);
    const index = graph?.stepRunIds.indexOf(id) ?? -1;
    if (!graph || index < 0) continue;
    const reused = (await reusedSteps(runs, head.id, (await runs.progress(head.id))?.value)).get(index);
    return reused && { document: documentOf(head, graph, reused), source: reused.source };
  }
  return undefined;
}

/** What a reused step's own document would say; v1's properties tell whose results it has. */
function documentOf({ id: runId }: RunHead, { graph }: RunGraph, { index, stepRunId, at, source }: ReusedStep): StepRunDocument {
  const step = graph.steps[index];
  if (!step) throw new Error(`run ${runId} has no step ${index}`);
  return {
    id: stepRunId,
    runId,
    index,
    key: step.key,
    attempt: 1,
    earlierAttempts: [],
    createdAt: at,
    tokenExpiresAt: at,
    status: "Completed",
    startedAt: at,
    endedAt: at,
    warnings: [],
    outputs: source.outputs,
    properties: {
      StepType: step.type,
      "azureml.pipelinerunid": runId,
      "azureml.runsource": "azureml.StepRun",
      "azureml.isreused": "true",
      "azureml.reusedrunid": source.stepRunId,
      "azureml.reusedpipelinerunid": source.runId,
      ...(step.snapshotId && { ContentSnapshotId: step.snapshotId }),
    },
  };
}

function isUuid7(id: string): boolean {
  return id[14] === "7";
}
