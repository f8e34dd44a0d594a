import { listSchedules as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/schedules`: lists schedules, newest first. */
export const listSchedules = httpRoute(route, (services) => async ({ query }) => ({
  jsonBody: await services.listSchedules({ ...query, includeDisabled: query.includeDisabled === "true" }),
}));
