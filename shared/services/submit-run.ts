import type { SubmitRunRequest } from "../api/requests.ts";
import type { RunId } from "../domain/ids.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import type { EffectiveParameter } from "../domain/run-documents.ts";
import type { Principal } from "../ports/callers.ts";
import { checkPipeline } from "./check-pipeline.ts";
import type { CheckReferencesDeps } from "./check-references.ts";
import { type EffectiveParametersDeps, effectiveParameters } from "./effective-parameters.ts";
import { type StartRunDeps, startRun } from "./start-run.ts";

export interface SubmitRunDeps extends StartRunDeps, CheckReferencesDeps, EffectiveParametersDeps {}

/** @param idempotencyKey from the caller; the same key with the same request finds the run of the first time. */
export interface SubmitRunCall {
  caller: Principal;
  request: SubmitRunRequest;
  idempotencyKey?: string | undefined;
}

/**
 * Submits a graph that the caller sent.
 * @throws {ProblemError} `invalid-pipeline` with every problem found; `idempotency-conflict`.
 * @throws {StoreError} as {@link startRun}.
 */
export const submitRun =
  (deps: SubmitRunDeps) =>
  async ({ caller, request, idempotencyKey }: SubmitRunCall): Promise<{ runId: RunId }> => {
    const { pipeline, parameters: _given, ...options } = request;
    const { graph, parameters } = await checkSubmit(deps, request);
    const description = options.description ?? pipeline.description;
    return await startRun(deps, {
      caller,
      graph,
      parameters,
      head: {
        ...options,
        displayName: options.displayName ?? pipeline.name ?? options.experimentName,
        ...(description !== undefined && { description }),
        runSource: options.runSource ?? "API",
      },
      idempotency: idempotencyKey === undefined ? undefined : { key: idempotencyKey, request },
    });
  };

/**
 * What a request would run: its graph and the values of its parameters.
 * @throws {ProblemError} `invalid-pipeline` with every problem found.
 */
export async function checkSubmit(
  deps: CheckReferencesDeps & EffectiveParametersDeps,
  { pipeline, parameters: values }: SubmitRunRequest,
): Promise<{ graph: PipelineGraph; parameters: Record<string, EffectiveParameter> }> {
  const { parameters, problems } = await effectiveParameters(deps, pipeline, [{ origin: "submit", values }]);
  return { graph: await checkPipeline(deps, pipeline, "request", problems), parameters };
}
