import { getSnapshot as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/snapshots/{snapshotId}`: shows which files a snapshot holds. */
export const getSnapshot = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.getSnapshot(params.snapshotId),
}));
