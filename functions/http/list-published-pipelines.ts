import { listPublishedPipelines as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/published-pipelines`: lists published pipelines, newest first. */
export const listPublishedPipelines = httpRoute(route, (services) => async ({ query }) => ({
  jsonBody: await services.listPublishedPipelines({ ...query, includeDisabled: query.includeDisabled === "true" }),
}));
