import type { SubmitRunBody } from "../shared/api/requests.ts";
import { getEnvironment } from "../shared/api/routes/catalog.ts";
import { ApiProblem } from "./api-problem.ts";
import type { ApiClient } from "./client.ts";
import type { DraftStep, PipelineFile } from "./yaml/pipeline-file.ts";
import { FileError } from "./yaml/yaml-error.ts";

type GraphSteps = SubmitRunBody["pipeline"]["steps"];

/** The steps as the graph has them: folders by their snapshots, environments named in run configurations by what the catalog says. */
export async function graphSteps(client: ApiClient, file: PipelineFile, snapshotIds: ReadonlyMap<string, string>): Promise<GraphSteps> {
  const named = new Set(file.steps.flatMap(({ environmentName }) => environmentName ?? []));
  const catalog = new Map(await Promise.all([...named].map(async (name) => [name, await catalogEnvironment(client, name)] as const)));
  return file.steps.map((draft, index) => {
    const snapshotId = draft.sourceDirectory === undefined ? undefined : snapshotIds.get(draft.sourceDirectory);
    const environment = environmentOf(draft, index, catalog, file);
    return { ...draft.step, ...(snapshotId !== undefined && { snapshotId }), ...(environment && { environment }) } as GraphSteps[number];
  });
}

type Environment = NonNullable<DraftStep["step"]["environment"]>;

async function catalogEnvironment(client: ApiClient, name: string): Promise<Environment | undefined> {
  try {
    return (await client.call(getEnvironment, { params: { name } })).body.spec;
  } catch (error) {
    // A name that is none for a catalog is refused as such, which comes to the same.
    if (error instanceof ApiProblem && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}

/** A run configuration that only names an environment means the catalog's; its own variables come on top. */
function environmentOf(draft: DraftStep, index: number, catalog: ReadonlyMap<string, Environment | undefined>, file: PipelineFile) {
  const { environmentName } = draft;
  if (environmentName === undefined) return draft.step.environment;
  const found = catalog.get(environmentName);
  if (found) return { ...found, name: environmentName, variables: { ...found.variables, ...draft.step.environment?.variables } };
  const position = file.locate(`/pipeline/steps/${index}/environment`);
  const message = `steps.${draft.step.key}: the workspace has no environment ${JSON.stringify(environmentName)}, which the runconfig names`;
  const remedy = "describe it in the runconfig (environment.python.condaDependencies) or add it to the workspace";
  throw new FileError(`${file.file} cannot be submitted`, [{ file: file.file, ...(position && { position }), message, remedy }]);
}
