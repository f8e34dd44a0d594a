import { resubmitRun as route } from "../../shared/api/routes/runs.ts";
import { acceptedRun } from "../accepted-run.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs/{runId}/resubmit`: runs a pipeline run again, keeping what has completed. */
export const resubmitRun = httpRoute(route, (services) => async ({ caller, params, body, headers }) => {
  const { runId } = await services.resubmitRun({
    caller,
    runId: params.runId,
    request: body,
    idempotencyKey: headers["idempotency-key"],
  });
  return await acceptedRun(services, caller, runId);
});
