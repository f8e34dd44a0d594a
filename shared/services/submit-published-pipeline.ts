import type { SubmitPublishedPipelineRequest } from "../api/pipeline-requests.ts";
import { toExperimentName } from "../domain/experiment-name.ts";
import type { RunId } from "../domain/ids.ts";
import type { Assignment } from "../domain/parameters.ts";
import { ProblemError } from "../domain/problems.ts";
import type { PublishedPipeline } from "../domain/published-pipeline.ts";
import type { Principal } from "../ports/callers.ts";
import type { PipelineStore } from "../ports/pipeline-store.ts";
import { checkAgain } from "./check-pipeline.ts";
import type { CheckReferencesDeps } from "./check-references.ts";
import { type EffectiveParametersDeps, effectiveParameters } from "./effective-parameters.ts";
import { findPublished, graphOf } from "./published-pipelines.ts";
import { type Idempotency, type NewRun, type StartRunDeps, startRun } from "./start-run.ts";

export interface SubmitPublishedPipelineDeps extends StartRunDeps, CheckReferencesDeps, EffectiveParametersDeps {
  pipelines: PipelineStore;
}

/** A submit of something published, as every door makes it: our own API, the v1 wire, a schedule. */
export interface SubmitPublishedCall {
  caller: Principal;
  request: SubmitPublishedPipelineRequest;
  /** The same key with the same request finds the run of the first time. */
  idempotencyKey?: string | undefined;
  /** The id to store the run under, for somebody who may ask again; absent: a new one. */
  runId?: RunId | undefined;
  /** Values by who gives them; absent: the request's, as its caller's. */
  assignments?: readonly Assignment[] | undefined;
  /** The schedule whose tick this is. */
  scheduleId?: string | undefined;
}

/**
 * Runs a published pipeline.
 * @throws {ProblemError} not-found; `disabled`; `invalid-pipeline` for parameters and for what the graph names and is gone; `idempotency-conflict`.
 */
export const submitPublishedPipeline =
  (deps: SubmitPublishedPipelineDeps) =>
  async (call: SubmitPublishedCall & { pipelineId: string }): Promise<{ runId: RunId }> => {
    const pipeline = await findPublished(deps.pipelines, call.pipelineId);
    assertActive(pipeline);
    const asked = { pipelineId: pipeline.id, request: call.request };
    return await runPublished(deps, pipeline, call, { pipelineId: pipeline.id }, asked);
  };

/** @throws {ProblemError} `disabled` */
export function assertActive({ id, name, status }: PublishedPipeline, what = "published pipeline"): void {
  if (status === "Active") return;
  throw new ProblemError({
    kind: "disabled",
    what,
    name,
    status,
    remedy: `enable it with POST /api/published-pipelines/${id}/enable`,
  });
}

/**
 * Runs a pipeline that was found to be active.
 * @param by what the run's head says of the door it came through.
 * @param asked what counts as the same request under one idempotency key.
 */
export async function runPublished(
  deps: SubmitPublishedPipelineDeps,
  pipeline: PublishedPipeline,
  { caller, request, idempotencyKey, runId, assignments, scheduleId }: SubmitPublishedCall,
  by: Pick<NewRun["head"], "pipelineId" | "pipelineEndpointId" | "pipelineEndpointVersion">,
  asked: unknown,
): Promise<{ runId: RunId }> {
  const graph = await graphOf(deps.pipelines, pipeline);
  const { parameters: given, ...options } = request;
  const { parameters, problems } = await effectiveParameters(deps, graph, assignments ?? [{ origin: "submit", values: given }]);
  await checkAgain(deps, graph, problems);
  const description = options.description ?? pipeline.description;
  const idempotency: Idempotency | undefined = idempotencyKey === undefined ? undefined : { key: idempotencyKey, request: asked };
  return await startRun(deps, {
    caller,
    graph,
    parameters,
    head: {
      ...options,
      ...by,
      ...(scheduleId !== undefined && { scheduleId }),
      experimentName: options.experimentName ?? (toExperimentName(pipeline.name) || "pipeline"),
      displayName: options.displayName ?? pipeline.name,
      ...(description !== undefined && { description }),
      continueOnStepFailure: options.continueOnStepFailure ?? pipeline.continueOnStepFailure,
      runSource: options.runSource ?? "API",
      warnings: [],
    },
    idempotency,
    runId,
  });
}
