import { listDatasets as route } from "../../shared/api/routes/datasets.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/datasets`: lists datasets in order of name, or all versions of one. */
export const listDatasets = httpRoute(route, (services) => async ({ query }) => ({ jsonBody: await services.listDatasets(query) }));
