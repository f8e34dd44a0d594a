import { z } from "zod";

/**
 * Where a step run stands, in run history's words (reference: Azure ML `JobStatus`). `Skipped` is ours, for a step that
 * never ran because something before it did not complete. `CancelRequested` is shown while a running job is being ended.
 */
export const StepStatus = z.enum([
  "NotStarted",
  "Queued",
  "Preparing",
  "Running",
  "Finalizing",
  "CancelRequested",
  "Completed",
  "Failed",
  "Canceled",
  "Skipped",
]);
export type StepStatus = z.infer<typeof StepStatus>;

/** Statuses after which nothing follows. */
export const SettledStepStatus = StepStatus.extract(["Completed", "Failed", "Canceled", "Skipped"]);
export type SettledStepStatus = z.infer<typeof SettledStepStatus>;

/** Where a pipeline run stands, in run history's words. */
export const RunStatus = z.enum(["NotStarted", "Running", "CancelRequested", "Completed", "Failed", "Canceled"]);
export type RunStatus = z.infer<typeof RunStatus>;

/** How a pipeline run ended. */
export const RunOutcome = RunStatus.extract(["Completed", "Failed", "Canceled"]);
export type RunOutcome = z.infer<typeof RunOutcome>;

/** Whether nothing follows this status. */
export function isSettled(status: StepStatus | RunStatus): status is SettledStepStatus | RunOutcome {
  return SettledStepStatus.safeParse(status).success;
}
