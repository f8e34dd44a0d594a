import { patchRun as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `PATCH /api/runs/{runId}`: sets tags, which may change, and properties, which may not. */
export const patchRun = httpRoute(route, (services) => async ({ caller, params, body }) => ({
  jsonBody: await services.patchRun(caller, params.runId, body),
}));
