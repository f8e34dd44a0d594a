import { publishPipeline as route } from "../../shared/api/routes/published-pipelines.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/published-pipelines`: publishes a graph, what a run ran, or a draft. */
export const publishPipeline = httpRoute(route, (services) => async ({ caller, body }) => {
  const made = await services.publishPipeline(caller, body);
  return { status: 201, headers: { location: `/api/published-pipelines/${made.id}` }, jsonBody: made };
});
