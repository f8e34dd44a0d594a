import type { PatchPublishedPipelineRequest } from "../api/pipeline-requests.ts";
import type { PublishedPipelineList, PublishedPipelineResource, PublishedPipelineWithGraph } from "../api/pipeline-resources.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { ProblemError } from "../domain/problems.ts";
import type { PublishedPipeline } from "../domain/published-pipeline.ts";
import type { Clock } from "../ports/clock.ts";
import type { PipelineStore } from "../ports/pipeline-store.ts";
import { changeAsset, withGiven } from "./change-asset.ts";

export interface PublishedPipelinesDeps {
  pipelines: PipelineStore;
  clock: Clock;
}

/** Names those that refer to a published pipeline, as `pipeline endpoint "x"`: while there is one, it cannot be deleted. */
export type FindReferrers = (pipelineId: string) => Promise<string[]>;

export interface ListAssetsQuery {
  name?: string | undefined;
  includeDisabled: boolean;
  limit: number;
  cursor?: string | undefined;
}

/** Newest first; only those that are active, unless told. */
export const listPublishedPipelines =
  ({ pipelines }: Pick<PublishedPipelinesDeps, "pipelines">) =>
  async ({ name, includeDisabled, limit, cursor }: ListAssetsQuery): Promise<PublishedPipelineList> => {
    const where = { ...(!includeDisabled && { status: "Active" }), ...(name !== undefined && { name }) };
    const page = await pipelines.published.list(where, { after: cursor, limit });
    return { pipelines: page.items, ...(page.next !== undefined && { cursor: page.next }) };
  };

/** @throws {ProblemError} not-found */
export const getPublishedPipeline =
  ({ pipelines }: Pick<PublishedPipelinesDeps, "pipelines">) =>
  async (pipelineId: string): Promise<PublishedPipelineWithGraph> => {
    const pipeline = await findPublished(pipelines, pipelineId);
    return { ...pipeline, pipeline: await graphOf(pipelines, pipeline) };
  };

/** @throws {ProblemError} not-found */
export const patchPublishedPipeline =
  (deps: PublishedPipelinesDeps) =>
  async (pipelineId: string, request: PatchPublishedPipelineRequest): Promise<PublishedPipelineResource> =>
    await change(deps, pipelineId, (pipeline) => withGiven(pipeline, request));

/** Enables or disables; what is so already stays as it is. @throws {ProblemError} not-found */
export const setPublishedPipelineStatus =
  (deps: PublishedPipelinesDeps) =>
  async (pipelineId: string, status: "Active" | "Disabled"): Promise<PublishedPipelineResource> =>
    await change(deps, pipelineId, (pipeline) => (pipeline.status === status ? pipeline : { ...pipeline, status }));

/** Its runs stay. @throws {ProblemError} not-found; conflict, with what refers to it. */
export const deletePublishedPipeline =
  (deps: PublishedPipelinesDeps & { referrers: readonly FindReferrers[] }) =>
  async (pipelineId: string): Promise<void> => {
    const pipeline = await findPublished(deps.pipelines, pipelineId);
    const found = (await Promise.all(deps.referrers.map((find) => find(pipeline.id)))).flat();
    if (found.length > 0)
      throw new ProblemError({
        kind: "conflict",
        message: `published pipeline ${JSON.stringify(pipeline.name)} is referred to by ${someReferrers(found)}`,
        remedy: "take it out of these first, or disable it instead: POST /api/published-pipelines/{id}/disable",
      });
    await change(deps, pipelineId, (before) => ({
      ...before,
      status: "Disabled",
      deletedAt: new Date(deps.clock.now()).toISOString(),
    }));
  };

/** A published pipeline that is there. @throws {ProblemError} not-found */
export async function findPublished(pipelines: PipelineStore, pipelineId: string): Promise<PublishedPipeline> {
  const stored = await pipelines.published.find(pipelineId);
  if (!stored) throw noPublished(pipelineId);
  return stored.value;
}

/** The graph of a published pipeline or a draft. */
export async function graphOf(pipelines: PipelineStore, { id, graphId }: { id: string; graphId: string }): Promise<PipelineGraph> {
  const graph = await pipelines.graph(graphId);
  if (!graph) throw new Error(`the graph ${graphId} of ${id} is gone`);
  return graph;
}

function noPublished(id: string): ProblemError {
  return new ProblemError({
    kind: "not-found",
    what: "published pipeline",
    id,
    remedy: "GET /api/published-pipelines?includeDisabled=true lists all",
  });
}

async function change(
  { pipelines, clock }: PublishedPipelinesDeps,
  pipelineId: string,
  how: (pipeline: PublishedPipeline) => PublishedPipeline,
): Promise<PublishedPipelineResource> {
  const modifiedAt = new Date(clock.now()).toISOString();
  const changed = await changeAsset(
    pipelines.published,
    pipelineId,
    (before) => {
      const after = how(before);
      return after === before ? before : { ...after, modifiedAt };
    },
    noPublished,
  );
  await pipelines.durable();
  return changed;
}

function someReferrers(found: readonly string[]): string {
  return found.length <= 10 ? found.join(", ") : `${found.slice(0, 10).join(", ")} and ${found.length - 10} more`;
}
