import { checkFiles as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/datastores/{name}/files/check`: says which of these files the datastore lacks or holds with other bytes. */
export const checkFiles = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: { missing: await services.checkFiles(params.name, body.files) },
}));
