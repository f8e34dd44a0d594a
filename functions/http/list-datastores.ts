import { listDatastores as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/datastores`: lists datastores. */
export const listDatastores = httpRoute(route, (services) => async () => ({
  jsonBody: { datastores: await services.catalog.list("datastores") },
}));
