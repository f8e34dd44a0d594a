import { cancelRun as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs/{runId}/cancel`: asks a pipeline run to stop; asking again changes nothing. */
export const cancelRun = httpRoute(route, (services) => async ({ caller, params }) => {
  await services.cancelRun(params.runId);
  return {
    status: 202,
    headers: { location: `/api/runs/${params.runId}` },
    jsonBody: await services.getRun(caller, params.runId, { waitSeconds: 0 }),
  };
});
