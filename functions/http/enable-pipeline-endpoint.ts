import { enablePipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints/{idOrName}/enable`: lets a disabled pipeline endpoint run again. */
export const enablePipelineEndpoint = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.movePipelineEndpoint(params.idOrName, "enable"),
}));
