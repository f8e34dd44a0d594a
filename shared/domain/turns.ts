import { z } from "zod";
import { RunId } from "./ids.ts";
import { RunOutcome, SettledStepStatus, StepStatus } from "./statuses.ts";

/** Input of the `pipelineRun` orchestration and of `advanceRun`. `watchdog`: nothing was heard for a while, so look at everything. */
export const PipelineRunInput = z.object({ runId: RunId, watchdog: z.boolean().default(false) });
export type PipelineRunInput = z.infer<typeof PipelineRunInput>;

/** What `advanceRun` tells the orchestration; `retryAfterSeconds` is set when it could not look and wants to be called again. */
export const AdvanceSummary = z.object({
  outcome: RunOutcome.optional(),
  running: z.int(),
  settled: z.int(),
  total: z.int(),
  retryAfterSeconds: z.number().optional(),
});
export type AdvanceSummary = z.infer<typeof AdvanceSummary>;

/** Input of the `stepRun` orchestration. `gapSeconds` is how long it last waited without news; `begun`: the job was submitted. */
export const StepRunInput = z.object({
  runId: RunId,
  stepRunId: RunId,
  index: z.int(),
  begun: z.boolean().default(false),
  gapSeconds: z.number().default(0),
});
export type StepRunInput = z.infer<typeof StepRunInput>;

/** What `beginStep` and `settleStep` tell the orchestration; `retryAfterSeconds` is set when the service was busy or out of reach. */
export const StepTurn = z.object({
  settled: SettledStepStatus.optional(),
  status: StepStatus,
  begun: z.boolean(),
  retryAfterSeconds: z.number().optional(),
});
export type StepTurn = z.infer<typeof StepTurn>;

const FIRST_GAP_SECONDS = 5;
const LONGEST_GAP_SECONDS = 300;

/**
 * How long to wait for news before looking again, in seconds: 5 s at first, then twice the gap before, 5 min at the most.
 * Events are the path and this the watchdog: a two-day training costs about 600 looks. No jitter, since it is replayed.
 */
export function nextGap(gapSeconds: number): number {
  return Math.min(LONGEST_GAP_SECONDS, Math.max(FIRST_GAP_SECONDS, gapSeconds * 2));
}
