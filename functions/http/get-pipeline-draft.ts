import { getPipelineDraft as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/pipeline-drafts/{draftId}`: shows a draft with its graph. */
export const getPipelineDraft = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.getPipelineDraft(params.draftId),
}));
