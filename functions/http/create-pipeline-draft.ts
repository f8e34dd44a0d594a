import { createPipelineDraft as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-drafts`: makes a draft. */
export const createPipelineDraft = httpRoute(route, (services) => async ({ caller, body }) => {
  const made = await services.createPipelineDraft(caller, body);
  return { status: 201, headers: { location: `/api/pipeline-drafts/${made.id}` }, jsonBody: made };
});
