import { listTicks as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/schedules/{scheduleId}/ticks`: lists the ticks of a schedule, newest first. */
export const listTicks = httpRoute(route, (services) => async ({ params, query }) => ({
  jsonBody: await services.listTicks(params.scheduleId, query),
}));
