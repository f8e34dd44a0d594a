import { getArtifact as route } from "../../shared/api/routes/run-content.ts";
import { httpRoute } from "../http-route.ts";
import { sendBlob } from "../send-blob.ts";

/** `GET /api/runs/{runId}/artifacts/content`: reads one artifact; honours one byte range. */
export const getArtifact = httpRoute(
  route,
  (services) =>
    async ({ caller, params, query, range }) =>
      await sendBlob(services, await services.findArtifact(caller, params.runId, query.path), range, query.path),
);
