import { endRun as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/runs/{runId}/end`: says how a script's own run or child run ended; a step run that ends so as Failed fails whatever its exit code. */
export const endRun = httpRoute(route, (services) => async ({ caller, params, body }) => ({
  jsonBody: await services.endRun(caller, params.runId, body),
}));
