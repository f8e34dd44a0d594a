import { archivePipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints/{idOrName}/archive`: puts a pipeline endpoint away. */
export const archivePipelineEndpoint = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.movePipelineEndpoint(params.idOrName, "archive"),
}));
