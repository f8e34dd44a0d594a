import { enablePublishedPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/published-pipelines/{pipelineId}/enable`: lets a published pipeline run again. */
export const enablePublishedPipeline = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.setPublishedPipelineStatus(params.pipelineId, "Active"),
}));
