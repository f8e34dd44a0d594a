import { listOutputs as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/outputs`: lists the declared outputs of a pipeline run's steps, or of one step run, with their files (1,000 each at most). */
export const listOutputs = httpRoute(route, (services) => async ({ caller, params, query }) => ({
  jsonBody: await services.listOutputs(caller, params.runId, query.step),
}));
