import { listChildRuns as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/children`: lists the runs a script made below its own. */
export const listChildRuns = httpRoute(route, (services) => async ({ caller, params }) => ({
  jsonBody: { runs: await services.listChildRuns(caller, params.runId) },
}));
