import { previewSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/schedules:preview`: tells the next ticks that a trigger would have. */
export const previewSchedule = httpRoute(route, (services) => async ({ body }) => ({ jsonBody: services.previewSchedule(body) }));
