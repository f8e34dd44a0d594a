import { listMetrics as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/metrics`: shows what a run of any kind logged, in order. */
export const listMetrics = httpRoute(route, (services) => async ({ caller, params, query }) => ({
  jsonBody: { runId: params.runId, metrics: await services.listMetrics(caller, params.runId, query.name) },
}));
