import { reactivatePipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints/{idOrName}/reactivate`: takes an archived pipeline endpoint back. */
export const reactivatePipelineEndpoint = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.movePipelineEndpoint(params.idOrName, "reactivate"),
}));
