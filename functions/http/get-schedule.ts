import { getSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/schedules/{scheduleId}`: shows a schedule with what comes next and what came last. */
export const getSchedule = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.getSchedule(params.scheduleId),
}));
