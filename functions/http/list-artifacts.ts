import { listArtifacts as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/artifacts`: lists the files a run left: what its script uploaded, and its ./outputs and ./logs. */
export const listArtifacts = httpRoute(route, (services) => async ({ caller, params, query }) => ({
  jsonBody: await services.listArtifacts(caller, params.runId, query),
}));
