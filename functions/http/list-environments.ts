import { listEnvironments as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/environments`: lists environments. */
export const listEnvironments = httpRoute(route, (services) => async () => ({
  jsonBody: { environments: await services.catalog.list("environments") },
}));
