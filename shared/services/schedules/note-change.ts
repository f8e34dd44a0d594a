import { createHash } from "node:crypto";
import { RunId } from "../../domain/ids.ts";
import { type BlobChange, settleMs } from "../../domain/schedules/blob-change.ts";
import { withNextLook } from "../../domain/schedules/next-look.ts";
import { iso, type Schedule } from "../../domain/schedules/schedule.ts";
import { momentKey } from "../../domain/schedules/tick.ts";
import type { ChangeClaim } from "../../ports/schedule-store.ts";
import { changeSchedule } from "./change-schedule.ts";
import { type RunTickDeps, runTick } from "./run-tick.ts";

/** A blob that was added or changed. */
export interface ChangedBlob {
  readonly path: string;
  readonly etag: string;
}

/** A burst of changes need not be written down one by one: the settling time is kept to the second. */
const NOTED_MS = 1000;

/**
 * Takes a change of a blob that a schedule watches. However often and by whichever way it is noticed, it is in one run: its path and etag are claimed
 * for a tick first.
 * @throws what {@link runTick} throws: whoever noticed the change is to tell of it again.
 */
export async function noteChange(deps: RunTickDeps, schedule: Schedule, trigger: BlobChange, { path, etag }: ChangedBlob): Promise<void> {
  const change = createHash("sha256")
    .update(JSON.stringify([trigger.datastore, path, etag]))
    .digest("hex");
  const now = deps.clock.now();
  const claim = newClaim(deps, now);
  if (settleMs(trigger) !== undefined) return await letSettle(deps, schedule, change, claim);
  const { tick, runId } = await deps.store.claimChange(schedule.id, change, claim);
  const due = Date.parse(tick.slice(0, tick.indexOf("_")));
  await runTick(deps, schedule, { key: tick, kind: "blob", due, runId, blob: { datastore: trigger.datastore, path, etag } });
}

function newClaim({ clock }: RunTickDeps, now: number): ChangeClaim {
  const runId = RunId.parse(clock.newId());
  return { tick: momentKey(now, runId), runId };
}

/** Puts the change to those that wait for nothing else to change, beginning such a wait where there is none. */
async function letSettle(deps: RunTickDeps, schedule: Schedule, change: string, own: ChangeClaim): Promise<void> {
  const claim = await deps.store.claimChange(schedule.id, change, own);
  if (claim.tick !== own.tick && (await isTaken(deps, schedule, claim))) return;
  const now = deps.clock.now();
  let joined = claim;
  await changeSchedule(deps.store, schedule.id, (current) => {
    if (!current.watching) return current;
    const { settling } = current;
    joined = settling ?? claim;
    if (settling && now - Date.parse(settling.lastChangeAt) < NOTED_MS) return current;
    return withNextLook({ ...current, settling: { tick: joined.tick, runId: joined.runId, lastChangeAt: iso(now) } });
  });
  // Written after the wait was: until it is, a change that is told of again is put to the wait again.
  if (joined.tick !== claim.tick) await deps.store.moveChange(schedule.id, change, { tick: joined.tick, runId: joined.runId });
}

/** Whether a change that was claimed before is waiting, or in a run. A crash may have come between its claim and either. */
async function isTaken({ store }: RunTickDeps, schedule: Schedule, { tick }: ChangeClaim): Promise<boolean> {
  const current = (await store.schedules.find(schedule.id))?.value;
  return current?.settling?.tick === tick || current?.settled?.tick === tick || (await store.tick(schedule.id, tick)) !== undefined;
}
