import { patchSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `PATCH /api/schedules/{scheduleId}`: changes a schedule. */
export const patchSchedule = httpRoute(route, (services) => async ({ params, body }) => ({
  jsonBody: await services.patchSchedule(params.scheduleId, body),
}));
