import { getEnvironment as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/environments/{name}`: shows an environment. */
export const getEnvironment = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.catalog.get("environments", params.name),
}));
