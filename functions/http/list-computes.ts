import { listComputes as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/computes`: lists compute targets. */
export const listComputes = httpRoute(route, (services) => async () => ({
  jsonBody: { computes: await services.catalog.list("computes") },
}));
