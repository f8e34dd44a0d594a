import { putArtifact as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `PUT /api/runs/{runId}/artifacts/content`: stores one artifact of a run; larger ones go by uploads. */
export const putArtifact = httpRoute(route, (services) => async ({ caller, params, query, body }) => ({
  jsonBody: await services.putArtifact(caller, params.runId, query.path, body),
}));
