import { z } from "zod";
import { RunId } from "./ids.ts";
import { Instant } from "./run-documents.ts";
import { RunOutcome, SettledStepStatus, StepStatus } from "./statuses.ts";

/**
 * Input of the `pipelineRun` orchestration and of its activities. `watchdog`: look at everything; `lookedAt`: when that was done last, in
 * milliseconds since the epoch; `failures`: how many looks in a row broke; `turn`: names a look until it has been made, however often that
 * is tried.
 */
export const PipelineRunInput = z.object({
  runId: RunId,
  watchdog: z.boolean().default(false),
  lookedAt: z.number().optional(),
  failures: z.int().default(0),
  turn: z.string().optional(),
});
export type PipelineRunInput = z.infer<typeof PipelineRunInput>;

/**
 * What `advanceRun` tells the orchestration; `retryAfterSeconds` is set when it could not look and wants to be called again, `more` when there
 * is more to start than one look does.
 */
export const AdvanceSummary = z.object({
  outcome: RunOutcome.optional(),
  running: z.int(),
  settled: z.int(),
  total: z.int(),
  retryAfterSeconds: z.number().optional(),
  more: z.boolean().optional(),
});
export type AdvanceSummary = z.infer<typeof AdvanceSummary>;

/**
 * Input of the `stepRun` orchestration and of its activities. `gapSeconds` is how long it last waited without news; `begun`: the job was
 * submitted; `failures`: how many looks in a row broke, and `trouble` why, where that is known; `lostSince`: since when the service does not
 * know the job; `attempt`: which try of the step that is, where it is not the first; `told`: an event says that it has ended; `fingerprint`: the hash under which it has been claimed.
 */
export const StepRunInput = z.object({
  runId: RunId,
  stepRunId: RunId,
  index: z.int(),
  begun: z.boolean().default(false),
  attempt: z.int().optional(),
  gapSeconds: z.number().default(0),
  failures: z.int().default(0),
  trouble: z.string().optional(),
  lostSince: Instant.optional(),
  told: z.boolean().optional(),
  fingerprint: z.string().optional(),
});
export type StepRunInput = z.infer<typeof StepRunInput>;

/** What the event `jobChanged` carries when a job may have ended; without, it says only that it is time to look. */
export const JobNews = z.object({ status: z.string() });

/**
 * What the activities of a step tell its orchestration; `retryAfterSeconds` is set when a service was busy or out of reach. `trouble`, a
 * sentence for people: a service refuses to say how the job goes; that is borne for a while.
 */
export const StepTurn = z.object({
  settled: SettledStepStatus.optional(),
  /** The run does not want the step to start: what started it was lost, and the run will start it again if it still wants to. */
  unwanted: z.boolean().optional(),
  status: StepStatus,
  begun: z.boolean(),
  /** Which attempt goes on, where it is not the first. */
  attempt: z.int().optional(),
  retryAfterSeconds: z.number().optional(),
  trouble: z.string().optional(),
  lostSince: Instant.optional(),
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

/**
 * How many looks in a row may break before a step or a run is given up: what broke is then a bug or a lasting refusal, and no end would
 * never come. With {@link pauseAfter} that is half an hour.
 */
export const MOST_FAILURES = 12;

/** How long to pause after so many broken looks in a row, in seconds: 5 s, then twice as long each time, 5 min at the most. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_GAP_SECONDS, FIRST_GAP_SECONDS * 2 ** Math.min(failures - 1, 10));
}
