import { deletePipelineDraft as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { httpRoute } from "../http-route.ts";

/** `DELETE /api/pipeline-drafts/{draftId}`: deletes a draft. */
export const deletePipelineDraft = httpRoute(route, (services) => async ({ params }) => {
  await services.deletePipelineDraft(params.draftId);
  return { status: 204 };
});
