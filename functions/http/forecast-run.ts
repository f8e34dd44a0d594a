import { forecastRun as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipelines:forecast`: says what a submit would do. */
export const forecastRun = httpRoute(route, (services) => async ({ body }) => ({ jsonBody: await services.forecastRun(body) }));
