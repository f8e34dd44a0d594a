import { patchPublishedPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `PATCH /api/published-pipelines/{pipelineId}`: changes what is said of a published pipeline. */
export const patchPublishedPipeline = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.patchPublishedPipeline(params.pipelineId, body),
}));
