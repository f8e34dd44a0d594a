import { patchPipelineDraft as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { httpRoute } from "../http-route.ts";

/** `PATCH /api/pipeline-drafts/{draftId}`: changes a draft, its graph as well. */
export const patchPipelineDraft = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.patchPipelineDraft(params.draftId, body),
}));
