import { createSnapshot as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/snapshots`: makes a snapshot of files the server has, or says which it lacks (200); upload those in packs and ask again (201). */
export const createSnapshot = httpRoute(route, (services) => async ({ body }) => {
  const snapshot = await services.createSnapshot(body);
  return { status: snapshot.complete ? 201 : 200, jsonBody: snapshot };
});
