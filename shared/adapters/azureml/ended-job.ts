import type { JobState } from "../../ports/compute-backend.ts";
import { type JobResource, timeoutSecondsOf } from "./job-resource.ts";
import type { RunDetails } from "./run-details.ts";

/** State of a job that has ended, from its last word and its details. */
export function endedJob(id: string, status: "completed" | "failed" | "canceled", job: JobResource, details: RunDetails): JobState {
  const { startedAt, endedAt, warnings, error } = details;
  const common = { ...(startedAt && { startedAt }), ...(endedAt && { endedAt }), warnings };
  if (status === "completed") return { status, ...common };
  if (status === "failed")
    return { status, ...common, ...(error ?? { code: "JobFailed", message: `Azure ML gave no reason why job ${id} failed` }) };
  const timeoutSeconds = timeoutSecondsOf(job);
  if (timeoutSeconds === undefined || !ranOut(timeoutSeconds, details)) return { status, ...common };
  const message = `job ${id} was ended by its time limit of ${timeoutSeconds} s`;
  return { status: "failed", ...common, code: "JobTimeout", message };
}

/** The service ends a job at its time limit with the same word as for a cancel, so its age has to tell. */
function ranOut(timeoutSeconds: number, { startedAt, endedAt }: RunDetails): boolean {
  if (!startedAt || !endedAt) return false;
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 >= timeoutSeconds;
}
