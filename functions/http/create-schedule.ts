import { createSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/schedules`: makes a schedule, and starts its first run where that is due at once. */
export const createSchedule = httpRoute(route, (services) => async ({ caller, body }) => {
  const made = await services.createSchedule(caller, body);
  return { status: 201, headers: { location: `/api/schedules/${made.id}` }, jsonBody: made };
});
