import type { HttpResponseInit } from "@azure/functions";
import type { Services } from "../shared/composition.ts";
import type { RunId } from "../shared/domain/ids.ts";
import type { Principal } from "../shared/ports/callers.ts";

/** The answer to a submit: 202, the run, and where to look for it. */
export async function acceptedRun(services: Services, caller: Principal, runId: RunId): Promise<HttpResponseInit> {
  return { status: 202, headers: { location: `/api/runs/${runId}` }, jsonBody: await services.getRun(caller, runId, { waitSeconds: 0 }) };
}
