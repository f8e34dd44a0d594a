import { getPipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/pipeline-endpoints/{idOrName}`: shows a pipeline endpoint with its versions. */
export const getPipelineEndpoint = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.getPipelineEndpoint(params.idOrName),
}));
