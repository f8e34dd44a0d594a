import { submitRun as route } from "../../shared/api/routes/runs.ts";
import { acceptedRun } from "../accepted-run.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs`: submits a pipeline: stores the run, starts it and answers where to look. */
export const submitRun = httpRoute(route, (services) => async ({ caller, body, headers }) => {
  const { runId } = await services.submitRun({ caller, request: body, idempotencyKey: headers["idempotency-key"] });
  return await acceptedRun(services, caller, runId);
});
