import { getPublishedPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/published-pipelines/{pipelineId}`: shows a published pipeline with its graph. */
export const getPublishedPipeline = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.getPublishedPipeline(params.pipelineId),
}));
