import { submitPipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { acceptedRun } from "../accepted-run.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints/{idOrName}/runs`: runs a version of a pipeline endpoint. */
export const submitPipelineEndpoint = httpRoute(route, (services) => async ({ caller, params, body, headers }) => {
  const { version, ...request } = body;
  const { runId } = await services.submitPipelineEndpoint({
    caller,
    idOrName: params.idOrName,
    version,
    request,
    idempotencyKey: headers["idempotency-key"],
  });
  return await acceptedRun(services, caller, runId);
});
