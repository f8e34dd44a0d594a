import { SubmitPublishedPipelineRequest } from "../../api/pipeline-requests.ts";
import type { RunId } from "../../domain/ids.ts";
import type { Assignment } from "../../domain/parameters.ts";
import type { Caller } from "../../domain/run-documents.ts";
import type { Schedule } from "../../domain/schedules/schedule.ts";
import type { Principal } from "../../ports/callers.ts";
import { submitPipelineEndpoint } from "../submit-pipeline-endpoint.ts";
import { type SubmitPublishedPipelineDeps, submitPublishedPipeline } from "../submit-published-pipeline.ts";

/** A run that a tick starts. */
export interface ScheduledRun {
  readonly schedule: Schedule;
  /** Its id: asking again under the same one finds the same run. */
  readonly runId: RunId;
  /** Values of the pipeline's parameters; what comes later goes over what came before. */
  readonly assignments: readonly Assignment[];
}

/**
 * Submits the pipeline of a schedule: the published pipeline, or the default version of the endpoint as it is now. When it resolves, the run is on disk.
 * @throws {ProblemError} when it cannot run: disabled, archived or gone, a parameter that does not fit.
 * @throws {StoreError}
 */
export type SubmitScheduled = (run: ScheduledRun) => Promise<unknown>;

/** {@link SubmitScheduled} by the services that submit what is published. */
export const submitScheduled =
  (deps: SubmitPublishedPipelineDeps): SubmitScheduled =>
  async ({ schedule, runId, assignments }) => {
    // A run that is there was submitted before: whether it could be now, with a pipeline that may have been disabled since, does not matter.
    if (await deps.runs.head(runId)) return;
    const { experimentName, continueOnStepFailure, pipelineId, pipelineEndpointId = "" } = schedule;
    const call = {
      caller: principalOf(schedule.createdBy),
      request: SubmitPublishedPipelineRequest.parse({
        experimentName,
        continueOnStepFailure,
        displayName: schedule.name,
        runSource: "Schedule",
      }),
      runId,
      assignments,
      scheduleId: schedule.id,
    };
    if (pipelineId !== undefined) await submitPublishedPipeline(deps)({ ...call, pipelineId });
    else await submitPipelineEndpoint(deps)({ ...call, idOrName: pipelineEndpointId });
  };

/** Who made a schedule stands for its runs. */
function principalOf(caller: Caller): Principal {
  const { name, ...who } = caller;
  return { kind: "user", ...who, ...(name !== undefined && { name }), roles: ["Submitter"] };
}
