import type { SubmitPublishedPipelineRequest } from "../api/pipeline-requests.ts";
import type { RunId } from "../domain/ids.ts";
import type { Principal } from "../ports/callers.ts";
import { checkPipeline } from "./check-pipeline.ts";
import { effectiveParameters } from "./effective-parameters.ts";
import { findDraft } from "./find-draft.ts";
import { graphOf } from "./published-pipelines.ts";
import { startRun } from "./start-run.ts";
import type { SubmitPublishedPipelineDeps } from "./submit-published-pipeline.ts";

/**
 * Runs a draft as it is now: with the values it holds, and over them those of the submit.
 * @throws {ProblemError} not-found; `invalid-pipeline` with every problem found; `idempotency-conflict`.
 */
export const submitPipelineDraft =
  (deps: SubmitPublishedPipelineDeps) =>
  async (call: {
    caller: Principal;
    draftId: string;
    request: SubmitPublishedPipelineRequest;
    idempotencyKey?: string | undefined;
  }): Promise<{ runId: RunId }> => {
    const draft = await findDraft(deps.pipelines, call.draftId);
    const pipeline = await graphOf(deps.pipelines, draft);
    const { parameters: given, ...options } = call.request;
    const { parameters, problems } = await effectiveParameters(deps, pipeline, [
      { origin: "draft", values: draft.parameters },
      { origin: "submit", values: given },
    ]);
    const graph = await checkPipeline(deps, pipeline, "store", problems);
    const description = options.description ?? draft.description;
    const { idempotencyKey: key } = call;
    return await startRun(deps, {
      caller: call.caller,
      graph,
      parameters,
      head: {
        ...options,
        experimentName: options.experimentName ?? draft.experimentName,
        displayName: options.displayName ?? draft.name,
        ...(description !== undefined && { description }),
        continueOnStepFailure: options.continueOnStepFailure ?? draft.continueOnStepFailure,
        tags: { ...draft.tags, ...options.tags },
        runSource: options.runSource ?? "API",
        warnings: [],
        draftId: draft.id,
      },
      idempotency: key === undefined ? undefined : { key, request: { draftId: draft.id, request: call.request } },
    });
  };
