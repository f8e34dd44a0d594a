import { listRuns as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs`: lists pipeline runs, newest first. */
export const listRuns = httpRoute(route, (services) => async ({ query }) => ({ jsonBody: await services.listRuns(query) }));
