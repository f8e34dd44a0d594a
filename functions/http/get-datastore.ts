import { getDatastore as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/datastores/{name}`: shows a datastore. */
export const getDatastore = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.catalog.get("datastores", params.name),
}));
