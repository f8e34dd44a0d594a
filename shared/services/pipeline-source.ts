import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import type { GivenValue } from "../domain/pipeline-parameter.ts";
import { ProblemError } from "../domain/problems.ts";
import type { EffectiveParameter } from "../domain/run-documents.ts";
import type { PipelineStore } from "../ports/pipeline-store.ts";
import type { RunStore } from "../ports/run-store.ts";
import { findDraft } from "./find-draft.ts";
import { findPublished, graphOf } from "./published-pipelines.ts";

export interface PipelineSourceDeps {
  runs: RunStore;
  pipelines: PipelineStore;
}

/** What a request names to be published or made a draft of. */
export interface SourceRequest {
  pipeline?: PipelineGraph | undefined;
  runId?: string | undefined;
  pipelineId?: string | undefined;
  draftId?: string | undefined;
}

/** A graph, and what its source says beside it. */
export interface PipelineSource {
  graph: PipelineGraph;
  /** Whether the request holds the graph, so that problems can point into it. */
  isGiven: boolean;
  name?: string | undefined;
  description?: string | undefined;
  experimentName?: string | undefined;
  /** Values that somebody gave, over the graph's defaults. */
  parameters: Record<string, GivenValue>;
  continueOnStepFailure: boolean;
}

/** @throws {ProblemError} `invalid-request` unless exactly one source is named; not-found. */
export async function readSource(
  { runs, pipelines }: PipelineSourceDeps,
  request: SourceRequest,
  known: readonly string[],
): Promise<PipelineSource> {
  assertOneOf(request, known);
  if (request.runId !== undefined) return await ofRun(runs, request.runId);
  if (request.pipelineId !== undefined) {
    const published = await findPublished(pipelines, request.pipelineId);
    return { ...published, graph: await graphOf(pipelines, published), isGiven: false, parameters: {} };
  }
  if (request.draftId !== undefined) {
    const draft = await findDraft(pipelines, request.draftId);
    return { ...draft, graph: await graphOf(pipelines, draft), isGiven: false };
  }
  const { pipeline } = request;
  if (!pipeline) throw new Error("one of the sources was found to be there");
  const { name, description } = pipeline;
  return { graph: pipeline, isGiven: true, name, description, parameters: {}, continueOnStepFailure: false };
}

function assertOneOf(request: SourceRequest, known: readonly string[]): void {
  const given = known.filter((name) => request[name as keyof SourceRequest] !== undefined);
  if (given.length === 1) return;
  throw new ProblemError({
    kind: "invalid-request",
    errors: [
      given.length === 0
        ? { message: "nothing says which pipeline is meant", remedy: `give one of: ${known.join(", ")}` }
        : { pointer: `/${given[1]}`, message: `${given.join(" and ")} are given`, remedy: "give one of them" },
    ],
  });
}

async function ofRun(runs: RunStore, runId: string): Promise<PipelineSource> {
  const [head, stored] = await Promise.all([runs.head(runId), runs.graph(runId)]);
  if (!head || !stored)
    throw new ProblemError({
      kind: "not-found",
      what: "pipeline run",
      id: runId,
      remedy: "GET /api/runs lists them; a step run has no graph",
    });
  const given = Object.entries(head.value.parameters).filter(([, { origin }]) => origin !== "default");
  return {
    graph: stored.graph,
    isGiven: false,
    name: head.value.displayName,
    description: head.value.description,
    experimentName: head.value.experimentName,
    parameters: Object.fromEntries(given.map(([name, { value }]) => [name, asGiven(value)])),
    continueOnStepFailure: head.value.continueOnStepFailure,
  };
}

/** A dataset that was looked up is named by its id, which stands for one version. */
export function asGiven(value: EffectiveParameter["value"]): GivenValue {
  return typeof value === "object" && "id" in value ? { id: value.id } : value;
}
