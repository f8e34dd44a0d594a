import type { RunId } from "../domain/ids.ts";
import type { Schedule, ScheduleId } from "../domain/schedules/schedule.ts";
import type { Tick, TickKey } from "../domain/schedules/tick.ts";
import type { Page, Stored } from "./documents.ts";
import type { Assets } from "./pipeline-store.ts";

/** The run that a change of a blob has or will have, alone or with others. */
export interface ChangeClaim {
  readonly tick: TickKey;
  readonly runId: RunId;
}

/** What a poll has seen. `since`: the schedule's `watchingSince` at that time; of another one it says nothing. `blobs`: short hashes of path and etag. */
export interface SeenBlobs {
  readonly since: string;
  readonly blobs: readonly string[];
}

/**
 * Schedules, their ticks, and which changes of blobs were taken. Each adapter passes test/contracts/schedule-store.contract.ts. Ticks and claims are
 * never deleted.
 * @throws {StoreError}
 */
export interface ScheduleStore {
  readonly schedules: Assets<Schedule>;
  /** Ids of the schedules of one bucket of due times, damaged ones among them; absent: of all that are due at some time. */
  due(bucket?: string): Promise<{ ids: string[]; unreadable: string[] }>;
  /** Active schedules that wait for changes of blobs. */
  watching(): Promise<Schedule[]>;

  /** Creates; answers false when there is one with the key. */
  createTick(id: ScheduleId, tick: Tick): Promise<boolean>;
  tick(id: ScheduleId, key: TickKey): Promise<Stored<Tick> | undefined>;
  replaceTick(id: ScheduleId, tick: Tick, etag: string): Promise<boolean>;
  /** Newest first. `after` is the key of the last one of the page before; `where` is equality. */
  ticks(
    id: ScheduleId,
    page: { after?: string | undefined; limit: number; where?: { starts?: boolean; status?: Tick["status"] } },
  ): Promise<Page<Tick>>;
  /** Ticks from a key on that are still `Starting`, oldest first. */
  startingTicks(id: ScheduleId, from: TickKey): Promise<Tick[]>;

  /** Claims a change for a tick, or answers which one has it. @param change names it: {@link ChangeClaim} is kept under it for good. */
  claimChange(id: ScheduleId, change: string, claim: ChangeClaim): Promise<ChangeClaim>;
  /** Gives a change to another tick. */
  moveChange(id: ScheduleId, change: string, claim: ChangeClaim): Promise<void>;

  seenBlobs(id: ScheduleId): Promise<SeenBlobs | undefined>;
  putSeenBlobs(id: ScheduleId, seen: SeenBlobs): Promise<void>;
  durable(): Promise<void>;
}
