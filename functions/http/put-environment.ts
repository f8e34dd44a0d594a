import { putEnvironment as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `PUT /api/environments/{name}`: adds an environment or replaces it. */
export const putEnvironment = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.catalog.put("environments", { ...body, name: params.name }),
}));
