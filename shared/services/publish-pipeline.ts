import type { PublishPipelineRequest } from "../api/pipeline-requests.ts";
import type { PublishedPipelineResource } from "../api/pipeline-resources.ts";
import { withDefaults } from "../domain/parameters.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { ProblemError } from "../domain/problems.ts";
import { PipelineId, type PublishedPipeline } from "../domain/published-pipeline.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import { callerOf } from "./caller-of.ts";
import { checkPipeline } from "./check-pipeline.ts";
import type { CheckReferencesDeps } from "./check-references.ts";
import { checkDefaultPlaces, type EffectiveParametersDeps } from "./effective-parameters.ts";
import { type PipelineSource, type PipelineSourceDeps, readSource } from "./pipeline-source.ts";

export interface PublishPipelineDeps extends PipelineSourceDeps, CheckReferencesDeps, EffectiveParametersDeps {
  clock: Clock;
}

/**
 * Freezes a graph under an id: one that the caller sent, one that a run ran, or a draft's with the draft's values as defaults.
 * @throws {ProblemError} `invalid-pipeline` with every problem found; conflict when the id is in use; not-found for run or draft.
 */
export const publishPipeline =
  (deps: PublishPipelineDeps) =>
  async (caller: Principal, request: PublishPipelineRequest): Promise<PublishedPipelineResource> => {
    const { pipelines, clock } = deps;
    const source = await readSource(deps, request, ["pipeline", "runId", "draftId"]);
    const name = request.name ?? source.name;
    if (name === undefined) throw noName();
    const graph = await checkSource(deps, source, request.draftId !== undefined);
    const order = clock.newId();
    const now = new Date(clock.now()).toISOString();
    const { pipeline: _pipeline, runId: _runId, draftId: _draftId, ...said } = request;
    const description = said.description ?? source.description;
    const published: PublishedPipeline = {
      ...said,
      id: request.id ?? PipelineId.parse(order),
      name,
      ...(description !== undefined && { description }),
      status: "Active",
      graphId: await pipelines.putGraph(graph),
      parameters: graph.parameters,
      stepCount: graph.steps.length,
      continueOnStepFailure: request.continueOnStepFailure ?? source.continueOnStepFailure,
      createdAt: now,
      createdBy: callerOf(caller),
      modifiedAt: now,
    };
    if (!(await pipelines.published.create(published, order))) throw inUse(published.id);
    await pipelines.durable();
    return published;
  };

async function checkSource(deps: PublishPipelineDeps, source: PipelineSource, isDraft: boolean): Promise<PipelineGraph> {
  const { parameters, problems } = isDraft ? withDefaults(source.graph.parameters, source.parameters) : { ...source.graph, problems: [] };
  const graph = { ...source.graph, parameters };
  // A draft's values are as much its own as its graph: there is nothing in the request to point at.
  const inDraft = problems.map(({ pointer, ...problem }) => ({ ...problem, pointer: `/pipeline${pointer}` }));
  return await checkPipeline(deps, graph, source.isGiven ? "request" : "store", [...inDraft, ...(await checkDefaultPlaces(deps, graph))]);
}

function noName(): ProblemError {
  return new ProblemError({
    kind: "invalid-request",
    errors: [{ pointer: "/name", message: "this is missing", remedy: "give a name, here or in the pipeline" }],
  });
}

function inUse(id: string): ProblemError {
  return new ProblemError({
    kind: "conflict",
    message: `pipeline id ${id} is in use`,
    remedy: "leave the id out, and one is made; or delete the other first: DELETE /api/published-pipelines/{pipelineId}",
  });
}
