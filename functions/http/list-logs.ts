import { listLogs as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/logs`: lists the log files of a step run. */
export const listLogs = httpRoute(route, (services) => async ({ params, query }) => ({
  jsonBody: await services.listLogs(params.runId, query.attempt),
}));
