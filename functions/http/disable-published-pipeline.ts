import { disablePublishedPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/published-pipelines/{pipelineId}/disable`: hides a published pipeline and lets it run no more. */
export const disablePublishedPipeline = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.setPublishedPipelineStatus(params.pipelineId, "Disabled"),
}));
