import { cancelRun as route } from "../../shared/api/routes/runs.ts";
import { acceptedRun } from "../accepted-run.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs/{runId}/cancel`: asks a pipeline run to stop; asking again changes nothing. */
export const cancelRun = httpRoute(route, (services) => async ({ caller, params }) => {
  await services.cancelRun(params.runId);
  return await acceptedRun(services, caller, params.runId);
});
