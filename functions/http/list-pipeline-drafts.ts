import { listPipelineDrafts as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/pipeline-drafts`: lists drafts, newest first. */
export const listPipelineDrafts = httpRoute(route, (services) => async ({ query }) => ({
  jsonBody: await services.listPipelineDrafts(query),
}));
