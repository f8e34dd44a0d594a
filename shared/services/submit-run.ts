import type { SubmitRunRequest } from "../api/requests.ts";
import { checkGraph } from "../domain/check-graph.ts";
import type { RunId } from "../domain/ids.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { MAX_PROBLEMS, type ProblemDetail, ProblemError } from "../domain/problems.ts";
import { stepsToRun } from "../domain/run-plan.ts";
import type { Principal } from "../ports/callers.ts";
import { type CheckReferencesDeps, checkReferences } from "./check-references.ts";
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
    const { pipeline, parameters: given, ...options } = request;
    const { parameters, problems } = await effectiveParameters(deps, pipeline, [{ origin: "submit", values: given }]);
    const graph = await checkPipeline(deps, pipeline, problems);
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
 * The graph as it would run: its closure in order.
 * @param others problems that were found elsewhere in the request, told together with those of the graph.
 * @throws {ProblemError} `invalid-pipeline` with every problem found; pointers begin with `/pipeline`.
 */
export async function checkPipeline(
  deps: CheckReferencesDeps,
  pipeline: PipelineGraph,
  others: readonly ProblemDetail[] = [],
): Promise<PipelineGraph> {
  const checked = checkGraph(pipeline);
  const inGraph = [...("problems" in checked ? checked.problems : []), ...(await checkReferences(deps, pipeline))];
  const errors = [...others, ...inGraph.map((problem) => ({ ...problem, pointer: `/pipeline${problem.pointer ?? ""}` }))];
  if (errors.length > 0 || "problems" in checked)
    throw new ProblemError({ kind: "invalid-pipeline", errors: errors.slice(0, MAX_PROBLEMS) });
  const { targets: _targets, ...graph } = pipeline;
  return { ...graph, steps: stepsToRun(pipeline, checked.dag) };
}
