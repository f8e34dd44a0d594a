import { putCompute as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `PUT /api/computes/{name}`: adds a compute target or replaces it. */
export const putCompute = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.catalog.put("computes", { ...body, name: params.name }),
}));
