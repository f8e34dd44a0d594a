import { getCompute as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/computes/{name}`: shows a compute target. */
export const getCompute = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.catalog.get("computes", params.name),
}));
