import { dueBucket } from "../../domain/schedules/schedule.ts";
import { inBatches } from "../in-batches.ts";
import { type FireScheduleDeps, fireSchedule } from "./fire-schedule.ts";

const MINUTE_MS = 60_000;
/** Once in a while all schedules are looked at: one may have been put where no look comes by any more, by a host whose clock is far behind. */
const SWEEP_MS = 60 * MINUTE_MS;
/** After a longer pause all at once costs less than minute by minute. */
const LONGEST_SPAN_MS = 30 * MINUTE_MS;
/** Schedules at once: each waits for a store and a host most of the time. */
const AT_ONCE = 8;
/** What has not been come to by then is left to the next look; the host would end a function that runs for ten minutes. */
const LOOK_MS = 4 * MINUTE_MS;

/** How far the looks of this process have come. What is due is in the store alone: a process that knows nothing looks at all schedules. */
export class ScheduleLooks {
  /** Every bucket up to here was looked into. */
  until: number | undefined;
  sweptAt = Number.NEGATIVE_INFINITY;
  /** Schedules that were due and have not been done with. */
  readonly left = new Set<string>();
}

export interface LookAtSchedulesDeps extends FireScheduleDeps {
  looks: ScheduleLooks;
  /** How far back buckets are looked into again, in milliseconds: more than clocks of hosts differ. */
  lookbackMs: number;
}

/**
 * Finds the schedules that are due and does what is due of them. It looks at what is stored and not at what it was told, so a look that is lost,
 * doubled or cut off costs nothing but time.
 * @returns how many were due.
 */
export const lookAtSchedules = (deps: LookAtSchedulesDeps) => async (): Promise<number> => {
  const { looks, log, clock } = deps;
  const began = clock.now();
  const due = await findDue(deps, began);
  for (const id of due) looks.left.add(id);
  const ids = [...looks.left];
  await inBatches(ids, AT_ONCE, async (id) => {
    if (clock.now() - began > LOOK_MS) return;
    try {
      await fireSchedule(deps, id);
      looks.left.delete(id);
    } catch (error) {
      // One schedule must not hold up the others; it stays due, and is tried again at the next look.
      log.warn("schedule could not be looked at; it will be again", { scheduleId: id, cause: String(error) });
    }
  });
  return ids.length;
};

/** Ids of what may be due. One query where the last look was less than a minute ago, and another for the minutes looked into again. */
async function findDue({ store, looks, lookbackMs, log }: LookAtSchedulesDeps, now: number): Promise<string[]> {
  const buckets = bucketsTo(looks, now, lookbackMs);
  const pages = await Promise.all(buckets === undefined ? [store.due()] : buckets.map((bucket) => store.due(bucket)));
  if (buckets === undefined) looks.sweptAt = now;
  looks.until = now;
  for (const key of new Set(pages.flatMap(({ unreadable }) => unreadable)))
    log.warn("schedule cannot be read and is left alone; restore a backup", { schedule: key });
  return pages.flatMap(({ ids }) => ids);
}

/** Minutes from where the last look ended to now, in order; undefined where all schedules are to be looked at. */
function bucketsTo({ until, sweptAt }: ScheduleLooks, now: number, lookbackMs: number): string[] | undefined {
  if (until === undefined || now - sweptAt >= SWEEP_MS || now - until > LONGEST_SPAN_MS || now < until - lookbackMs) return undefined;
  const first = Math.floor((until - lookbackMs) / MINUTE_MS);
  return Array.from({ length: Math.floor(now / MINUTE_MS) - first + 1 }, (_, at) => dueBucket((first + at) * MINUTE_MS));
}
