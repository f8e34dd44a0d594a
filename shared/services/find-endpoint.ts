import { type EndpointVersion, type PipelineEndpoint, PipelineEndpointId, pipelineOf } from "../domain/pipeline-endpoint.ts";
import { ProblemError } from "../domain/problems.ts";
import type { PipelineId } from "../domain/published-pipeline.ts";
import type { Stored } from "../ports/documents.ts";
import type { PipelineStore } from "../ports/pipeline-store.ts";

/** The endpoint of that id or name. @throws {ProblemError} not-found */
export async function findEndpoint(pipelines: PipelineStore, idOrName: string): Promise<Stored<PipelineEndpoint>> {
  const isId = PipelineEndpointId.safeParse(idOrName).success;
  const found = isId ? await pipelines.endpoints.find(idOrName.toLowerCase()) : await findByName(pipelines, idOrName);
  if (!found) throw noEndpoint(idOrName);
  return found;
}

/** A name leads to the endpoint that claimed it last, as long as that has it. */
async function findByName(pipelines: PipelineStore, name: string): Promise<Stored<PipelineEndpoint> | undefined> {
  const claim = await pipelines.endpointName(name);
  const found = claim && (await pipelines.endpoints.find(claim.value.id));
  return found?.value.name === name ? found : undefined;
}

export function noEndpoint(idOrName: string): ProblemError {
  return new ProblemError({
    kind: "not-found",
    what: "pipeline endpoint",
    id: idOrName,
    remedy: "GET /api/pipeline-endpoints?includeDisabled=true lists all",
  });
}

/** The version that is meant (absent: the default) and its pipeline. @throws {ProblemError} not-found, with the versions there are. */
export function versionOf(
  endpoint: PipelineEndpoint,
  version: EndpointVersion = endpoint.defaultVersion,
): { version: EndpointVersion; pipelineId: PipelineId } {
  const pipelineId = pipelineOf(endpoint, version);
  if (pipelineId !== undefined) return { version, pipelineId };
  const last = endpoint.versions.length - 1;
  throw new ProblemError({
    kind: "not-found",
    what: "version",
    id: version,
    within: `pipeline endpoint ${JSON.stringify(endpoint.name)}`,
    remedy: last === 0 ? 'its only version is "0"' : `its versions are "0" to "${last}"`,
  });
}
