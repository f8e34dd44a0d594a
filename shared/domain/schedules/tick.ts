import { z } from "zod";
import { RunId } from "../ids.ts";
import { Instant } from "../run-documents.ts";

/** Names a tick of its schedule, and sorts by when it was due: the due time, and for what the clock does not decide the run's id after it. */
export const TickKey = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z(_[0-9a-f-]{36})?$/);
export type TickKey = z.infer<typeof TickKey>;

/** A blob whose change made a tick; of changes that were taken together, the folder. */
export const TickBlob = z.strictObject({ datastore: z.string(), path: z.string(), etag: z.string().optional() });
export type TickBlob = z.infer<typeof TickBlob>;

/**
 * One time at which a schedule was due, and what came of it. It is created when that is decided and replaced once, when a run that it starts was
 * submitted or refused: a run has its id before it is submitted, so that trying again finds the same run.
 */
export const Tick = z.strictObject({
  key: TickKey,
  /** `test`: somebody asked for it. */
  kind: z.enum(["timer", "blob", "test"]),
  due: Instant,
  decidedAt: Instant,
  blob: TickBlob.optional(),
  /** `Starting`: it is being submitted, or will be again. */
  status: z.enum(["Starting", "Started", "Skipped", "Missed", "Failed"]),
  /** The run, where there is or will be one; of a skipped tick, the one that was still going. */
  runId: RunId.optional(),
  /** Whether it has or had a run to start: a listing filters by it. */
  starts: z.boolean(),
  /** Why there is no run. */
  cause: z.string().optional(),
  remedy: z.string().optional(),
  /** A missed tick that stands for all from `due` to here, which are too many to be recorded one by one. */
  until: Instant.optional(),
});
export type Tick = z.infer<typeof Tick>;

/** The key of a tick that the clock decides: the same for everybody who sees that it is due. */
export function timerKey(due: number): TickKey {
  return new Date(due).toISOString();
}

/** The key of a tick that something else decides. @param runId of its run, which tells it from others of the same time. */
export function momentKey(at: number, runId: string): TickKey {
  return `${new Date(at).toISOString()}_${runId}`;
}
