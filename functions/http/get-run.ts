import { getRun as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}`: shows one run of any kind. */
export const getRun = httpRoute(route, (services) => async ({ caller, params, query }) => ({
  jsonBody: await services.getRun(caller, params.runId, query),
}));
