import { deleteSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `DELETE /api/schedules/{scheduleId}`: deletes a schedule that is disabled. */
export const deleteSchedule = httpRoute(route, (services) => async ({ params }) => {
  await services.deleteSchedule(params.scheduleId);
  return { status: 204 };
});
