import { listFiles as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/datastores/{name}/files`: lists files of a datastore in order of path. */
export const listFiles = httpRoute(route, (services) => async ({ params, query }) => ({
  jsonBody: await services.listFiles(params.name, query),
}));
