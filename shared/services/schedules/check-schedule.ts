import type { Assignment } from "../../domain/parameters.ts";
import { MAX_PROBLEMS, type ProblemDetail, ProblemError } from "../../domain/problems.ts";
import type { PublishedPipeline } from "../../domain/published-pipeline.ts";
import type { ScheduleDefinition } from "../../domain/schedules/schedule.ts";
import { checkTrigger } from "../../domain/schedules/trigger.ts";
import type { PipelineStore } from "../../ports/pipeline-store.ts";
import { notInCatalog } from "../check-references.ts";
import { type EffectiveParametersDeps, effectiveParameters } from "../effective-parameters.ts";
import { versionOf } from "../find-endpoint.ts";
import { findPublished } from "../published-pipelines.ts";
import { assertEndpointActive } from "../submit-pipeline-endpoint.ts";
import { assertActive } from "../submit-published-pipeline.ts";

export interface CheckScheduleDeps extends EffectiveParametersDeps {
  pipelines: PipelineStore;
}

/**
 * Holds a schedule to what can run as things stand.
 * @throws {ProblemError} `invalid-request` with every problem of the definition, a pipeline that is not there among them; `disabled`.
 */
export async function checkSchedule(deps: CheckScheduleDeps, definition: ScheduleDefinition, now: number): Promise<void> {
  const problems = [...checkTarget(definition), ...under("/trigger", checkTrigger(definition.trigger, now))];
  if (problems.length > 0) throw invalid(problems);
  const target = await findTarget(deps, definition);
  if ("problem" in target) throw invalid([target.problem]);
  const found = [...(await checkDatastore(deps, definition)), ...(await checkParameters(deps, definition, target))];
  if (found.length > 0) throw invalid(found);
}

function checkTarget({ pipelineId, pipelineEndpointId }: ScheduleDefinition): ProblemDetail[] {
  if ((pipelineId === undefined) !== (pipelineEndpointId === undefined)) return [];
  const both = pipelineId !== undefined;
  return [
    {
      pointer: both ? "/pipelineEndpointId" : "/pipelineId",
      message: both ? "pipelineEndpointId is there beside pipelineId" : "neither pipelineId nor pipelineEndpointId is there",
      remedy: "name either a published pipeline, or a pipeline endpoint whose default version is to run",
    },
  ];
}

/** The pipeline that would run now. @throws {ProblemError} `disabled` */
async function findTarget(
  { pipelines }: CheckScheduleDeps,
  { pipelineId, pipelineEndpointId }: ScheduleDefinition,
): Promise<PublishedPipeline | { problem: ProblemDetail }> {
  if (pipelineId !== undefined) {
    const pipeline = await pipelines.published.find(pipelineId);
    if (!pipeline) return unknown("/pipelineId", "published pipeline", pipelineId, "published-pipelines");
    assertActive(pipeline.value);
    return pipeline.value;
  }
  const id = pipelineEndpointId ?? "";
  const endpoint = await pipelines.endpoints.find(id);
  if (!endpoint) return unknown("/pipelineEndpointId", "pipeline endpoint", id, "pipeline-endpoints");
  assertEndpointActive(endpoint.value);
  const pipeline = await findPublished(pipelines, versionOf(endpoint.value).pipelineId);
  assertActive(pipeline);
  return pipeline;
}

function unknown(pointer: string, what: string, id: string, route: string): { problem: ProblemDetail } {
  return {
    problem: {
      pointer,
      message: `the workspace has no ${what} ${JSON.stringify(id)}`,
      remedy: `GET /api/${route}?includeDisabled=true lists all`,
    },
  };
}

async function checkDatastore({ catalog }: CheckScheduleDeps, { trigger }: ScheduleDefinition): Promise<ProblemDetail[]> {
  if (trigger.kind !== "blobChange" || (await catalog.find("datastores", trigger.datastore))) return [];
  return [{ pointer: "/trigger/datastore", ...(await notInCatalog(catalog, "datastores", trigger.datastore)) }];
}

/** The values that every tick gives, the blob's path among them: any path will do here. */
async function checkParameters(
  deps: CheckScheduleDeps,
  { parameters, trigger }: ScheduleDefinition,
  pipeline: PublishedPipeline,
): Promise<ProblemDetail[]> {
  const name = trigger.kind === "blobChange" ? trigger.dataPathParameterName : undefined;
  const given: Assignment[] = [{ origin: "schedule", values: parameters }];
  if (trigger.kind === "blobChange" && name !== undefined)
    given.push({ origin: "blob", values: { [name]: { datastore: trigger.datastore, path: trigger.path ?? "blob" } } });
  const { problems } = await effectiveParameters(deps, pipeline, given);
  return problems.map((problem) =>
    name !== undefined && problem.pointer === `/parameters/${name}` ? { ...problem, pointer: "/trigger/dataPathParameterName" } : problem,
  );
}

function under(pointer: string, problems: readonly ProblemDetail[]): ProblemDetail[] {
  return problems.map((problem) => ({ ...problem, pointer: `${pointer}${problem.pointer ?? ""}` }));
}

function invalid(errors: readonly ProblemDetail[]): ProblemError {
  return new ProblemError({ kind: "invalid-request", errors: errors.slice(0, MAX_PROBLEMS) });
}
