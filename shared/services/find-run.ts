import { ProblemError } from "../domain/problems.ts";
import type { ReuseSource } from "../domain/reuse.ts";
import type { ChildRunDocument, RunHead, StepRunDocument } from "../domain/run-documents.ts";
import type { Principal } from "../ports/callers.ts";
import type { RunStore } from "../ports/run-store.ts";
import { findReused } from "./find-reused.ts";

/** A run of any kind, found by its id alone. `etag` is that of its own document. */
export type FoundRun =
  | { kind: "pipelineRun"; head: RunHead; etag: string }
  /** `source`: whose results the step has, where it was settled without a job. */
  | { kind: "stepRun"; stepRun: StepRunDocument; etag: string; source?: ReuseSource }
  | { kind: "childRun"; child: ChildRunDocument; etag: string };

/** @throws {ProblemError} not-found; a step that has not begun has no run of its own yet. */
export async function findRun(runs: RunStore, runId: string): Promise<FoundRun> {
  const [head, stepRun, child] = await Promise.all([runs.head(runId), runs.stepRun(runId), runs.child(runId)]);
  if (head) return { kind: "pipelineRun", head: head.value, etag: head.etag };
  if (stepRun) return { kind: "stepRun", stepRun: stepRun.value, etag: stepRun.etag };
  if (child) return { kind: "childRun", child, etag: child.createdAt };
  const reused = await findReused(runs, runId);
  if (reused) return { kind: "stepRun", stepRun: reused.document, etag: reused.document.endedAt ?? "", source: reused.source };
  throw new ProblemError({
    kind: "not-found",
    what: "run",
    id: runId,
    remedy: "list runs with GET /api/runs; a step has a run of its own once it has begun",
  });
}

/**
 * Keeps a step's token to what is that step's: its own run, the runs its script made below it, and, to read and log, its pipeline run.
 * Whatever else it asks for is answered as if it were not there.
 * @throws {ProblemError} not-found
 */
export function assertReach(caller: Principal, runId: string, found: FoundRun): void {
  if (caller.kind !== "step") return;
  const own =
    found.kind === "stepRun"
      ? found.stepRun.id === caller.stepRunId
      : found.kind === "childRun"
        ? found.child.rootRunId === caller.stepRunId
        : found.head.id === caller.runId;
  if (!own) throw new ProblemError({ kind: "not-found", what: "run", id: runId });
}
