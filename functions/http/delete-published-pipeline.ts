import { deletePublishedPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `DELETE /api/published-pipelines/{pipelineId}`: deletes a published pipeline that nothing refers to. */
export const deletePublishedPipeline = httpRoute(route, (services) => async ({ params }) => {
  await services.deletePublishedPipeline(params.pipelineId);
  return { status: 204 };
});
