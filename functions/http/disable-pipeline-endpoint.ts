import { disablePipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints/{idOrName}/disable`: hides a pipeline endpoint and lets it run no more. */
export const disablePipelineEndpoint = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.movePipelineEndpoint(params.idOrName, "disable"),
}));
