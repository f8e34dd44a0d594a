import { commitUpload as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/uploads/{uploadId}/commit`: checks the bytes against their hashes and makes them visible as a pack or as a file of a datastore. */
export const commitUpload = httpRoute(route, (services) => async ({ params, body }) => {
  await services.commitUpload(params.uploadId, body);
  return { status: 204 };
});
