import { createPipelineEndpoint as route } from "../../shared/api/routes/pipeline-endpoints.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-endpoints`: makes a pipeline endpoint. */
export const createPipelineEndpoint = httpRoute(route, (services) => async ({ caller, body }) => {
  const made = await services.createPipelineEndpoint(caller, body);
  return { status: 201, headers: { location: `/api/pipeline-endpoints/${made.id}` }, jsonBody: made };
});
