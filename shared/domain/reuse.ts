import { z } from "zod";
import { FingerprintChange, FingerprintParts } from "./fingerprint.ts";
import { PortName, RunId, StepKey } from "./ids.ts";

/** Where a declared output lies. */
export const OutputPlace = z.strictObject({ datastore: z.string(), path: z.string() });
export type OutputPlace = z.infer<typeof OutputPlace>;

/** A step run whose results stand for those of another step. */
export const ReuseSource = z.strictObject({
  /** The pipeline run in which it ran. */
  runId: RunId,
  stepRunId: RunId,
  outputs: z.record(PortName, OutputPlace),
});
export type ReuseSource = z.infer<typeof ReuseSource>;

/** A step of a run that was settled without a job: it is Completed, and its results are its source's. */
export const ReusedStep = z.strictObject({ index: z.int(), stepRunId: RunId, at: z.iso.datetime(), source: ReuseSource });
export type ReusedStep = z.infer<typeof ReusedStep>;

/** Runs that are told at once when a step that they wait for has ended; others look for themselves, each minute. */
export const MOST_WAITING = 1000;

/** What is known of one fingerprint: who does it, or who has done it. */
export const ReuseRecord = z.discriminatedUnion("state", [
  /** `waiting`: runs that would reuse it, to be told when it has ended; {@link MOST_WAITING} at the most. */
  z.strictObject({ state: z.literal("running"), parts: FingerprintParts, runId: RunId, stepRunId: RunId, waiting: z.array(RunId) }),
  z.strictObject({ state: z.literal("completed"), parts: FingerprintParts, source: ReuseSource }),
  /** Whoever did it last did not complete. */
  z.strictObject({ state: z.literal("given-up"), parts: FingerprintParts }),
]);
export type ReuseRecord = z.infer<typeof ReuseRecord>;

/** Why a step will run rather than be reused. */
export const RunCause = z.discriminatedUnion("reason", [
  /** Its author does not allow it. */
  z.strictObject({ reason: z.literal("not-allowed") }),
  /** The submit asks for new results. */
  z.strictObject({ reason: z.literal("regenerate") }),
  /** A step whose output it takes will run. */
  z.strictObject({ reason: z.literal("upstream"), step: StepKey }),
  /** An input cannot be told from another: there is nothing at its place, or more than is looked at. */
  z.strictObject({ reason: z.literal("unknown-input"), input: PortName, cause: z.string() }),
  /** It has not completed in a run of this experiment, as far as is looked back. */
  z.strictObject({ reason: z.literal("never-completed") }),
  /** The results of an earlier run are gone. */
  z.strictObject({ reason: z.literal("outputs-gone"), runId: RunId, output: PortName }),
  /** It differs from the same step of an earlier run. */
  z.strictObject({ reason: z.literal("changed"), runId: RunId, stepRunId: RunId, changes: z.array(FingerprintChange) }),
]);
export type RunCause = z.infer<typeof RunCause>;
