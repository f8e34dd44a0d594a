import { submitPipelineDraft as route } from "../../shared/api/routes/pipeline-drafts.ts";
import { acceptedRun } from "../accepted-run.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/pipeline-drafts/{draftId}/runs`: runs a draft as it is now. */
export const submitPipelineDraft = httpRoute(route, (services) => async ({ caller, params, body, headers }) => {
  const { runId } = await services.submitPipelineDraft({
    caller,
    draftId: params.draftId,
    request: body,
    idempotencyKey: headers["idempotency-key"],
  });
  return await acceptedRun(services, caller, runId);
});
