import type { CreatePipelineDraftRequest, PatchPipelineDraftRequest } from "../api/pipeline-requests.ts";
import type { PipelineDraftList, PipelineDraftResource, PipelineDraftWithGraph } from "../api/pipeline-resources.ts";
import { toExperimentName } from "../domain/experiment-name.ts";
import { type PipelineDraft, PipelineDraftId } from "../domain/pipeline-draft.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import { callerOf } from "./caller-of.ts";
import { changeAsset, withGiven } from "./change-asset.ts";
import { findDraft, noDraft } from "./find-draft.ts";
import { type PipelineSourceDeps, readSource } from "./pipeline-source.ts";
import { graphOf } from "./published-pipelines.ts";

export interface PipelineDraftsDeps extends PipelineSourceDeps {
  clock: Clock;
}

/** Makes a draft of a graph, or of what a run, published pipeline or draft has. Whether it can run is seen when it is to. */
export const createPipelineDraft =
  (deps: PipelineDraftsDeps) =>
  async (caller: Principal, request: CreatePipelineDraftRequest): Promise<PipelineDraftResource> => {
    const { pipelines, clock } = deps;
    const source = await readSource(deps, request, ["pipeline", "runId", "pipelineId", "draftId"]);
    const now = new Date(clock.now()).toISOString();
    const name = request.name ?? source.name ?? "draft";
    const description = request.description ?? source.description;
    const draft: PipelineDraft = {
      id: PipelineDraftId.parse(clock.newId()),
      name,
      ...(description !== undefined && { description }),
      graphId: await pipelines.putGraph(source.graph),
      experimentName: request.experimentName ?? source.experimentName ?? (toExperimentName(name) || "draft"),
      parameters: request.parameters ?? source.parameters,
      continueOnStepFailure: request.continueOnStepFailure ?? source.continueOnStepFailure,
      tags: request.tags,
      properties: request.properties,
      createdAt: now,
      createdBy: callerOf(caller),
      modifiedAt: now,
    };
    await pipelines.drafts.create(draft, draft.id);
    await pipelines.durable();
    return draft;
  };

/** Newest first. @param tag `name` or `name=value`: only drafts with that tag. */
export const listPipelineDrafts =
  ({ pipelines }: Pick<PipelineDraftsDeps, "pipelines">) =>
  async ({ tag, limit, cursor }: { tag?: string | undefined; limit: number; cursor?: string | undefined }): Promise<PipelineDraftList> => {
    const drafts: PipelineDraft[] = [];
    let after = cursor;
    do {
      // Asked for as many as may still be shown: the cursor must not pass over one that would have been.
      const page = await pipelines.drafts.list({}, { after, limit: limit - drafts.length });
      drafts.push(...page.items.filter((draft) => tag === undefined || hasTag(draft, tag)));
      after = page.next;
    } while (after !== undefined && drafts.length < limit);
    return { drafts, ...(after !== undefined && { cursor: after }) };
  };

function hasTag({ tags }: PipelineDraft, tag: string): boolean {
  const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(tag) ?? [];
  return Object.hasOwn(tags, name) && (value === undefined || tags[name] === value);
}

/** @throws {ProblemError} not-found */
export const getPipelineDraft =
  ({ pipelines }: Pick<PipelineDraftsDeps, "pipelines">) =>
  async (draftId: string): Promise<PipelineDraftWithGraph> => {
    const draft = await findDraft(pipelines, draftId);
    return { ...draft, pipeline: await graphOf(pipelines, draft) };
  };

/** Replaces what is given. What was submitted or published from it before stays as it was. @throws {ProblemError} not-found */
export const patchPipelineDraft =
  (deps: PipelineDraftsDeps) =>
  async (draftId: string, { pipeline, ...request }: PatchPipelineDraftRequest): Promise<PipelineDraftResource> => {
    await findDraft(deps.pipelines, draftId);
    const graphId = pipeline && (await deps.pipelines.putGraph(pipeline));
    return await change(deps, draftId, (draft, modifiedAt) => withGiven(draft, { ...request, graphId, modifiedAt }));
  };

/** @throws {ProblemError} not-found */
export const deletePipelineDraft =
  (deps: PipelineDraftsDeps) =>
  async (draftId: string): Promise<void> => {
    await change(deps, draftId, (draft, modifiedAt) => ({ ...draft, modifiedAt, deletedAt: modifiedAt }));
  };

async function change(
  { pipelines, clock }: PipelineDraftsDeps,
  draftId: string,
  how: (draft: PipelineDraft, now: string) => PipelineDraft,
): Promise<PipelineDraft> {
  const now = new Date(clock.now()).toISOString();
  const changed = await changeAsset(pipelines.drafts, draftId, (draft) => how(draft, now), noDraft);
  await pipelines.durable();
  return changed;
}
