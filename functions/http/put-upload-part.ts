import { putUploadPart as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";

/** `PUT /api/uploads/{uploadId}/parts/{part}`: sends one part, counted from 0; all but the last have partBytes bytes. Sending again replaces it. */
export const putUploadPart = httpRoute(route, (services) => async ({ params, body }) => {
  await services.putUploadPart(params, body);
  return { status: 204 };
});
