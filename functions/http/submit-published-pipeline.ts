import { submitPublishedPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { acceptedRun } from "../accepted-run.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/published-pipelines/{pipelineId}/runs`: runs a published pipeline. */
export const submitPublishedPipeline = httpRoute(route, (services) => async ({ caller, params, body, headers }) => {
  const { runId } = await services.submitPublishedPipeline({
    caller,
    pipelineId: params.pipelineId,
    request: body,
    idempotencyKey: headers["idempotency-key"],
  });
  return await acceptedRun(services, caller, runId);
});
