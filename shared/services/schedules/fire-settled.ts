import { type BlobChange, settleMs } from "../../domain/schedules/blob-change.ts";
import { withNextLook } from "../../domain/schedules/next-look.ts";
import type { Schedule } from "../../domain/schedules/schedule.ts";
import { changeSchedule } from "./change-schedule.ts";
import { type RunTickDeps, runTick } from "./run-tick.ts";

/**
 * Starts one run for changes that have settled. They are set apart first, so that a change which comes meanwhile begins a wait, and a run, of its own.
 * @throws what {@link runTick} throws; the next look goes on.
 */
export async function fireSettled(deps: RunTickDeps, id: string): Promise<void> {
  const schedule = await changeSchedule(deps.store, id, (current) => setApart(current, deps.clock.now()));
  if (schedule.trigger.kind !== "blobChange" || !schedule.settled) return;
  const { tick, runId, lastChangeAt } = schedule.settled;
  const due = Date.parse(lastChangeAt) + (settleMs(schedule.trigger) ?? 0);
  await runTick(deps, schedule, { key: tick, kind: "blob", due, runId, blob: folderOf(schedule.trigger) });
  await changeSchedule(deps.store, id, (current) =>
    current.settled?.tick === tick ? withNextLook({ ...current, settled: undefined }) : current,
  );
}

function setApart(schedule: Schedule, now: number): Schedule {
  const { trigger, settling, settled } = schedule;
  if (trigger.kind !== "blobChange" || settled || !settling) return schedule;
  if (Date.parse(settling.lastChangeAt) + (settleMs(trigger) ?? 0) > now) return schedule;
  return withNextLook({ ...schedule, settling: undefined, settled: settling });
}

/** A whole container has no path; a schedule that hands one on names a folder. */
function folderOf({ datastore, path = "" }: BlobChange): { datastore: string; path: string } {
  return { datastore, path };
}
