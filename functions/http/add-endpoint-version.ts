import { addEndpointVersion as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints/{idOrName}/versions`: adds a published pipeline as the next version. */
export const addEndpointVersion = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.addEndpointVersion(params.idOrName, body),
}));
