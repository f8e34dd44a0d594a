import { getLog as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/runs/{runId}/logs/content`: reads a log from a byte on (1 MiB at most); waits for more when asked. Header x-log-complete: true says that no more will come. */
export const getLog = httpRoute(route, (services) => async ({ params, query }) => {
  const { bytes, from, isComplete } = await services.readLog(params.runId, query);
  return {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "x-log-from": String(from),
      "x-log-complete": String(isComplete),
      "cache-control": "no-store",
    },
    body: bytes,
  };
});
