import { getDataset as route } from "../../shared/api/routes/datasets.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/datasets/{idOrName}`: shows one version of a dataset. */
export const getDataset = httpRoute(route, (services) => async ({ params, query }) => ({
  jsonBody: await services.getDataset(params.idOrName, query.version),
}));
