import { enableSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/schedules/{scheduleId}/enable`: lets a schedule run from now on. */
export const enableSchedule = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.setScheduleStatus(params.scheduleId, "Active"),
}));
