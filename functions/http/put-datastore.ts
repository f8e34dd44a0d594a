import { putDatastore as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `PUT /api/datastores/{name}`: adds a datastore or replaces it. */
export const putDatastore = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.catalog.put("datastores", { ...body, name: params.name }),
}));
