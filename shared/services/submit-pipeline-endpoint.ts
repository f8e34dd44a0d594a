import type { RunId } from "../domain/ids.ts";
import type { EndpointVersion, PipelineEndpoint } from "../domain/pipeline-endpoint.ts";
import { ProblemError } from "../domain/problems.ts";
import { findEndpoint, versionOf } from "./find-endpoint.ts";
import { wakeUp } from "./pipeline-endpoints.ts";
import { findPublished } from "./published-pipelines.ts";
import { assertActive, runPublished, type SubmitPublishedCall, type SubmitPublishedPipelineDeps } from "./submit-published-pipeline.ts";

/**
 * Runs a version of a pipeline endpoint (absent: the default at this moment). A submit that is sent again under its key finds the run of the first
 * time, also when the default is another by then.
 * @throws {ProblemError} as {@link runPublished}; not-found for endpoint and version; `disabled` for the endpoint or its pipeline.
 */
export const submitPipelineEndpoint =
  (deps: SubmitPublishedPipelineDeps) =>
  async (call: SubmitPublishedCall & { idOrName: string; version?: EndpointVersion | undefined }): Promise<{ runId: RunId }> => {
    const { value: endpoint } = await findEndpoint(deps.pipelines, call.idOrName);
    assertEndpointActive(endpoint);
    const { id, name } = endpoint;
    const { version, pipelineId } = versionOf(endpoint, call.version);
    const pipeline = await findPublished(deps.pipelines, pipelineId);
    assertActive(pipeline, `version "${version}" of pipeline endpoint ${JSON.stringify(name)}: published pipeline`);
    const by = { pipelineId, pipelineEndpointId: id, pipelineEndpointVersion: version };
    return await runPublished(deps, pipeline, call, by, { endpointId: id, version: call.version, request: call.request });
  };

/** @throws {ProblemError} `disabled` */
export function assertEndpointActive({ id, name, status }: PipelineEndpoint): void {
  if (status === "Active") return;
  throw new ProblemError({ kind: "disabled", what: "pipeline endpoint", name, status, remedy: wakeUp({ id, status }) });
}
