import { settleMs } from "../../domain/schedules/blob-change.ts";
import { fireSettled } from "./fire-settled.ts";
import { fireTimed } from "./fire-timed.ts";
import { type PollBlobsDeps, pollBlobs } from "./poll-blobs.ts";

export type FireScheduleDeps = PollBlobsDeps;

/**
 * Does whatever is due of one schedule as it is stored now; nothing where nothing is.
 * @throws what {@link runTick} throws; the schedule stays due.
 */
export async function fireSchedule(deps: FireScheduleDeps, id: string): Promise<void> {
  const schedule = (await deps.store.schedules.find(id))?.value;
  if (schedule?.status !== "Active" || schedule.nextDue === undefined) return;
  const { trigger, nextPoll } = schedule;
  if (trigger.kind !== "blobChange") return await fireTimed(deps, schedule, trigger);
  // Settled changes first: a poll that finds no container must not hold them up.
  if (settleMs(trigger) !== undefined) await fireSettled(deps, id);
  if (nextPoll !== undefined && Date.parse(nextPoll) <= deps.clock.now()) await pollBlobs(deps, schedule, trigger);
}
