import { listPipelineEndpoints as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/pipeline-endpoints`: lists pipeline endpoints, newest first. */
export const listPipelineEndpoints = httpRoute(route, (services) => async ({ query }) => ({
  jsonBody: await services.listPipelineEndpoints({ ...query, includeDisabled: query.includeDisabled === "true" }),
}));
