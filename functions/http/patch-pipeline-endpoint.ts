import { patchPipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `PATCH /api/pipeline-endpoints/{idOrName}`: changes name, description, default version or tags. */
export const patchPipelineEndpoint = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.patchPipelineEndpoint(params.idOrName, body),
}));
