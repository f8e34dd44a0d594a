import { createHash } from "node:crypto";
import { type BlobChange, POLLED_BLOBS, prefixOf, watches } from "../../domain/schedules/blob-change.ts";
import { withNextLook } from "../../domain/schedules/next-look.ts";
import { iso, type Poll, type Schedule } from "../../domain/schedules/schedule.ts";
import type { BlobInfo, BlobStore } from "../../ports/blob-store.ts";
import type { Catalog } from "../catalog.ts";
import { inBatches } from "../in-batches.ts";
import { changeSchedule } from "./change-schedule.ts";
import { noteChange } from "./note-change.ts";
import type { RunTickDeps } from "./run-tick.ts";

export interface PollBlobsDeps extends RunTickDeps {
  blobs: BlobStore;
  catalog: Catalog;
}

const PAGE = 1000;
const AT_ONCE = 8;
/** A file that was written to just now may still be under way: it is left to the next look. */
const RIPE_MS = 2000;
/** Changes that one poll takes: a submit each, at worst, and the look has other schedules to come to. The rest is taken at the next look. */
const CHANGES_AT_ONCE = 500;

/**
 * Looks at the blobs that a schedule watches, and takes those that were added or changed since the last poll. The first poll has nothing to compare
 * with: what was modified since the schedule watches is a change to it.
 * @throws what taking a change throws; what was not taken is found again.
 */
export async function pollBlobs(deps: PollBlobsDeps, schedule: Schedule, trigger: BlobChange): Promise<void> {
  const datastore = await deps.catalog.find("datastores", trigger.datastore);
  const began = deps.clock.now();
  const intervalMs = trigger.pollingIntervalMinutes * 60_000;
  if (!datastore) {
    const failure = `the workspace has no datastore ${JSON.stringify(trigger.datastore)}`;
    return await noteDown(deps, schedule, { at: iso(began), looked: 0, beyond: false, failure }, began + intervalMs);
  }
  const { found, beyond } = await listWatched(deps.blobs, datastore.container, trigger);
  const isDone = await takeChanges(deps, schedule, trigger, found);
  const next = deps.clock.now() + (isDone ? intervalMs : 0);
  await noteDown(deps, schedule, { at: iso(began), looked: found.length, beyond }, next);
}

async function listWatched(blobs: BlobStore, container: string, trigger: BlobChange): Promise<{ found: BlobInfo[]; beyond: boolean }> {
  const found: BlobInfo[] = [];
  const options = { prefix: prefixOf(trigger), shallow: trigger.depth === "folder", limit: PAGE };
  let looked = 0;
  let after: string | undefined;
  do {
    const page = await blobs.list(container, { ...options, ...(after !== undefined && { after }) });
    found.push(...page.blobs.filter(({ path }) => watches(trigger, path)));
    looked += page.blobs.length;
    after = page.next;
  } while (after !== undefined && looked < POLLED_BLOBS);
  return { found, beyond: after !== undefined };
}

/** @returns whether all changes were taken; the others are left to the next look. */
async function takeChanges(deps: PollBlobsDeps, schedule: Schedule, trigger: BlobChange, found: readonly BlobInfo[]): Promise<boolean> {
  const stored = await deps.store.seenBlobs(schedule.id);
  const seen = stored?.since === schedule.watchingSince ? new Set(stored.blobs) : undefined;
  const changed = found.filter((blob) => (seen ? !seen.has(shortHash(blob)) : blob.modifiedAt >= schedule.watchingSince));
  const ripeUntil = iso(deps.clock.now() - RIPE_MS);
  const taken = changed.filter(({ modifiedAt }) => modifiedAt <= ripeUntil).slice(0, CHANGES_AT_ONCE);
  await inBatches(taken, AT_ONCE, (blob) => noteChange(deps, schedule, trigger, blob));
  const isDone = taken.length === changed.length;
  const left = new Set(changed);
  for (const blob of taken) left.delete(blob);
  const hashes = found.filter((blob) => !left.has(blob)).map(shortHash);
  const isNews = seen === undefined || seen.size !== hashes.length || hashes.some((hash) => !seen.has(hash));
  // A first poll that left something would take what it left for seen: the next one goes by times again.
  if (isNews && (seen || isDone)) await deps.store.putSeenBlobs(schedule.id, { since: schedule.watchingSince, blobs: hashes });
  return isDone;
}

async function noteDown({ store }: PollBlobsDeps, { id, watchingSince }: Schedule, poll: Poll, next: number): Promise<void> {
  await changeSchedule(store, id, (current) =>
    current.watching && current.watchingSince === watchingSince ? withNextLook({ ...current, poll, nextPoll: iso(next) }) : current,
  );
}

/** 66 bits tell ten thousand blobs apart, and keep what was seen small. */
function shortHash({ path, etag }: BlobInfo): string {
  return createHash("sha256")
    .update(JSON.stringify([path, etag]))
    .digest("base64url")
    .slice(0, 11);
}
