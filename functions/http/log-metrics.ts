import { logMetrics as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs/{runId}/metrics`: stores a batch of metrics; the same batch again changes nothing. */
export const logMetrics = httpRoute(route, (services) => async ({ caller, params, body }) => {
  await services.logMetrics(caller, params.runId, body);
  return { status: 204 };
});
