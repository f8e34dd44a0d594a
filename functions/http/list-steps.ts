import { listSteps as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/steps`: lists all steps of a pipeline run in the pipeline's order. */
export const listSteps = httpRoute(route, (services) => async ({ params, query }) => ({
  jsonBody: await services.listSteps(params.runId, query),
}));
