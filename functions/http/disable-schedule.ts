import { disableSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/schedules/{scheduleId}/disable`: lets a schedule start no more runs. */
export const disableSchedule = httpRoute(route, (services) => async ({ params }) => ({
  jsonBody: await services.setScheduleStatus(params.scheduleId, "Disabled"),
}));
