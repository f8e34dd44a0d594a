import { createUpload as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/uploads`: begins an upload in parts; it expires unless it is committed within a day. */
export const createUpload = httpRoute(route, (services) => async ({ body }) => ({
  status: 201,
  jsonBody: await services.createUpload(body),
}));
