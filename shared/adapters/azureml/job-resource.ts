import { z } from "zod";

/** What is read of a job's ARM resource (`JobBaseResource`). A status may be a word that is newer than this program. */
export const JobResource = z.object({
  properties: z.object({
    status: z.string().nullish().catch(undefined),
    properties: z.record(z.string(), z.string().nullable()).nullish().catch(undefined),
    limits: z.object({ timeout: z.string().nullish() }).nullish().catch(undefined),
  }),
});
export type JobResource = z.infer<typeof JobResource>;

type Live = "queued" | "preparing" | "running" | "finalizing" | "canceling";
type Ended = "completed" | "failed" | "canceled";

/** Azure ML's words (`JobStatus`) and ours. A low-priority node may be taken away, so a job can go back from Running to Queued. */
const STATUSES: Readonly<Record<string, Live | Ended>> = {
  NotStarted: "queued",
  Starting: "queued",
  Queued: "queued",
  Paused: "queued",
  Provisioning: "preparing",
  Preparing: "preparing",
  Running: "running",
  Finalizing: "finalizing",
  CancelRequested: "canceling",
  Completed: "completed",
  Failed: "failed",
  Canceled: "canceled",
};

/** Undefined for a word that does not say where the job stands: `NotResponding`, `Unknown` and those not known yet. */
export function statusOf(job: JobResource): Live | Ended | undefined {
  const word = job.properties.status ?? "";
  return Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined;
}

/** The job's time limit in seconds, if it is one in plain seconds, as this program writes them. */
export function timeoutSecondsOf(job: JobResource): number | undefined {
  const seconds = /^PT(\d{1,9})S$/.exec(job.properties.limits?.timeout ?? "")?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
