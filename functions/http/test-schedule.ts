import { testSchedule as route } from "../../shared/api/routes/schedules.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/schedules/{scheduleId}/test`: runs the pipeline of a schedule now. */
export const testSchedule = httpRoute(route, (services) => async ({ params, query, headers }) => ({
  jsonBody: await services.testSchedule({ id: params.scheduleId, path: query.path, idempotencyKey: headers["idempotency-key"] }),
}));
