import { publishPipelineDraft as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-drafts/{draftId}/publish`: publishes a draft, its values as defaults. */
export const publishPipelineDraft = httpRoute(route, (services) => async ({ caller, params, body }) => {
  const made = await services.publishPipeline(caller, { ...body, draftId: params.draftId });
  return { status: 201, headers: { location: `/api/published-pipelines/${made.id}` }, jsonBody: made };
});
