import type { ReusedStep, ReuseSource } from "../domain/reuse.ts";
import type { Progress } from "../domain/run-documents.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import type { RunStore } from "../ports/run-store.ts";

/** Reused steps that share a document, which holds a megabyte: one of them may name many outputs. */
export const PAGE_STEPS = 200;

/** The steps of a run that were settled by the results of earlier runs, by index. */
export async function reusedSteps(runs: RunStore, runId: string, progress: Progress | undefined): Promise<Map<number, ReusedStep>> {
  const pages = progress?.reusedPages ?? [];
  const steps = pages.length === 0 ? [] : await runs.reused(runId, pages);
  return new Map(steps.map((step) => [step.index, step]));
}

/** Whose results they are, by index. */
export async function reusedSources(runs: RunStore, runId: string, progress: Progress | undefined): Promise<Map<number, ReuseSource>> {
  return new Map([...(await reusedSteps(runs, runId, progress))].map(([index, { source }]) => [index, source]));
}

/** Which step run stands behind a step of the run, by the step's key: the one whose results it takes, or its own. */
export function producersOf(plan: RunPlan, sources: ReadonlyMap<number, ReuseSource>): (key: string) => string | undefined {
  return (key) => {
    const index = plan.indexOf.get(key) ?? -1;
    return sources.get(index)?.stepRunId ?? plan.graph.stepRunIds[index];
  };
}
