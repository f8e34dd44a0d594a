import { createChildRun as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs/{runId}/children`: makes a run below a step run or child run, for a script's own bookkeeping. */
export const createChildRun = httpRoute(route, (services) => async ({ caller, params, body }) => {
  const child = await services.createChildRun(caller, params.runId, body);
  return { status: 201, headers: { location: `/api/runs/${child.id}` }, jsonBody: child };
});
