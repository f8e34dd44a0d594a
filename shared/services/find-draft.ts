import type { PipelineDraft } from "../domain/pipeline-draft.ts";
import { ProblemError } from "../domain/problems.ts";
import type { PipelineStore } from "../ports/pipeline-store.ts";

/** A draft that is there. @throws {ProblemError} not-found */
export async function findDraft(pipelines: PipelineStore, draftId: string): Promise<PipelineDraft> {
  const stored = await pipelines.drafts.find(draftId);
  if (!stored) throw noDraft(draftId);
  return stored.value;
}

export function noDraft(id: string): ProblemError {
  return new ProblemError({ kind: "not-found", what: "pipeline draft", id, remedy: "GET /api/pipeline-drafts lists them" });
}
