import { type AssignedParameter, type Assignment, resolveParameters } from "../domain/parameters.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import type { DatasetReference } from "../domain/pipeline-parameter.ts";
import { MAX_PROBLEMS, type ProblemDetail } from "../domain/problems.ts";
import type { EffectiveParameter } from "../domain/run-documents.ts";
import type { DatasetStore } from "../ports/dataset-store.ts";
import type { Catalog } from "./catalog.ts";
import { notInCatalog } from "./check-references.ts";
import { findDataset } from "./datasets.ts";

export interface EffectiveParametersDeps {
  catalog: Catalog;
  datasets: DatasetStore;
}

/**
 * A run's parameters with what they stand for at this moment: a dataset that is named by id or name becomes its version and place. Pointers are
 * relative to a submit's body, and to the graph (`/pipeline/…`) where a default is at fault.
 */
export async function effectiveParameters(
  deps: EffectiveParametersDeps,
  graph: Pick<PipelineGraph, "parameters">,
  assignments: readonly Assignment[],
): Promise<{ parameters: Record<string, EffectiveParameter>; problems: ProblemDetail[] }> {
  const { values, problems } = resolveParameters(graph, assignments);
  const parameters: Record<string, EffectiveParameter> = {};
  if (problems.length > 0) return { parameters, problems };
  for (const [name, { value, origin }] of Object.entries(values)) {
    if (problems.length >= MAX_PROBLEMS) break;
    const found = typeof value === "object" ? await findPlace(deps, value) : value;
    if (typeof found === "object" && "problem" in found)
      problems.push({ ...found.problem, pointer: `${pointerOf(name, origin)}${found.problem.pointer ?? ""}` });
    else parameters[name] = { value: found, origin };
  }
  return { parameters, problems };
}

/** Problems of defaults that name places or datasets which are not there. Pointers begin with `/pipeline`. */
export async function checkDefaultPlaces(
  deps: EffectiveParametersDeps,
  { parameters }: Pick<PipelineGraph, "parameters">,
): Promise<ProblemDetail[]> {
  const problems: ProblemDetail[] = [];
  for (const [name, { default: given }] of Object.entries(parameters)) {
    const found = typeof given === "object" ? await findPlace(deps, given) : undefined;
    if (found && "problem" in found)
      problems.push({ ...found.problem, pointer: `${pointerOf(name, "default")}${found.problem.pointer ?? ""}` });
  }
  return problems;
}

function pointerOf(name: string, origin: AssignedParameter["origin"]): string {
  return origin === "default" ? `/pipeline/parameters/${name}/default` : `/parameters/${name}`;
}

type Place = Extract<EffectiveParameter["value"], object>;

async function findPlace(
  { catalog, datasets }: EffectiveParametersDeps,
  given: DatasetReference,
): Promise<Place | { problem: ProblemDetail }> {
  if ("datastore" in given) {
    if (await catalog.find("datastores", given.datastore)) return given;
    return { problem: { pointer: "/datastore", ...(await notInCatalog(catalog, "datastores", given.datastore)) } };
  }
  const dataset = await findDataset(datasets, given);
  if (dataset) return { id: dataset.id, name: dataset.name, version: dataset.version, datastore: dataset.datastore, path: dataset.path };
  const shown = "id" in given ? given.id : `${given.name}${given.version === undefined ? "" : `, version ${given.version}`}`;
  return {
    problem: {
      message: `the workspace has no dataset ${JSON.stringify(shown)}`,
      remedy: "register it with POST /api/datasets, or give a datastore and a path",
    },
  };
}
