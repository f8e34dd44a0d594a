import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createScheduleStore } from "../../shared/adapters/documents/schedule-store.ts";
import { RunId } from "../../shared/domain/ids.ts";
import { dueAt, ScheduleId } from "../../shared/domain/schedules/schedule.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import type { ScheduleStore } from "../../shared/ports/schedule-store.ts";
import { anId } from "../support/graphs.ts";
import { aSchedule, aTick } from "../support/schedules.ts";

const NINE = Date.parse("2026-07-01T09:00:00Z");
const id = ScheduleId.parse(anId(1));
const at = (minute: number) => `2026-07-01T09:${String(minute).padStart(2, "0")}:00.000Z`;

/** What every {@link ScheduleStore} does. `open` gives documents of its own to each test, closed afterwards by the test. */
export function scheduleStoreContract(adapter: string, open: () => Promise<Documents>): void {
  describe(`ScheduleStore over ${adapter}`, () => {
    let documents: Documents;
    let store: ScheduleStore;
    beforeEach(async () => {
      documents = await open();
      store = createScheduleStore(documents);
    });
    afterEach(() => documents.close());

    test("finds what is due within a minute, and no longer once it was moved on", async () => {
      await store.schedules.create(aSchedule(1, {}, NINE), anId(1));
      await store.schedules.create(aSchedule(2, {}, NINE + 59_000), anId(2));
      await store.schedules.create(aSchedule(3, {}, NINE + 60_000), anId(3));
      const first = await store.schedules.find(anId(1));

      const before = await store.due("2026-07-01T09:00");
      if (first) await store.schedules.replace(dueAt(first.value, NINE + 60_000), first.etag);
      const after = await store.due("2026-07-01T09:00");
      const next = await store.due("2026-07-01T09:01");

      expect(before).toEqual({ ids: [anId(1), anId(2)], unreadable: [] });
      expect(after.ids).toEqual([anId(2)]);
      expect(next.ids).toEqual([anId(1), anId(3)]);
    });

    test("finds all that are due at some time, and none that are disabled or have no tick to come", async () => {
      await store.schedules.create(aSchedule(1, {}, NINE), anId(1));
      await store.schedules.create(aSchedule(2), anId(2));
      await store.schedules.create(aSchedule(3, { status: "Disabled" }), anId(3));

      expect((await store.due()).ids).toEqual([anId(1)]);
    });

    test("tells of a schedule that cannot be read beside those that are due", async () => {
      await store.schedules.create(aSchedule(1, {}, NINE), anId(1));
      await documents.create("schedules", "damaged", { dueBucket: "2026-07-01T09:00" });

      expect(await store.due("2026-07-01T09:00")).toEqual({ ids: [anId(1)], unreadable: ["damaged"] });
    });

    test("finds the schedules that watch blobs", async () => {
      const trigger = { kind: "blobChange", datastore: "workspaceblobstore" };
      await store.schedules.create(aSchedule(1, { trigger, watching: true }), anId(1));
      await store.schedules.create(aSchedule(2, { trigger, watching: false }), anId(2));
      await store.schedules.create(aSchedule(3), anId(3));

      expect((await store.watching()).map((schedule) => schedule.id)).toEqual([anId(1)]);
    });

    test("creates a tick for one of those who claim it at once, and lets one of two finish it", async () => {
      const created = await Promise.all([1, 2, 3].map((n) => store.createTick(id, aTick(at(0), { runId: RunId.parse(anId(n)) }))));
      const tick = await store.tick(id, at(0));
      if (!tick) throw new Error("the tick is not there");
      const finished = await Promise.all(
        (["Started", "Failed"] as const).map((status) => store.replaceTick(id, { ...tick.value, status }, tick.etag)),
      );

      expect(created.filter(Boolean)).toHaveLength(1);
      expect(tick.value.runId).toBe(anId(created.indexOf(true) + 1));
      expect(finished.filter(Boolean)).toHaveLength(1);
      expect(await store.tick(ScheduleId.parse(anId(2)), at(0))).toBeUndefined();
    });

    test("pages ticks newest first, all or those that are asked for, and finds what is being started", async () => {
      for (const n of [0, 1, 2, 3, 4])
        await store.createTick(
          id,
          aTick(at(n), n % 2 ? { status: "Skipped", starts: false } : { status: n === 0 ? "Started" : "Starting" }),
        );
      await store.claimChange(id, "a".repeat(64), { tick: at(0), runId: RunId.parse(anId(1)) });

      const first = await store.ticks(id, { limit: 3 });
      const second = await store.ticks(id, { limit: 3, after: first.next });
      const starting = await store.startingTicks(id, at(2));

      expect(first.items.map(({ key }) => key)).toEqual([at(4), at(3), at(2)]);
      expect(second).toEqual({ items: [expect.objectContaining({ key: at(1) }), expect.objectContaining({ key: at(0) })] });
      expect((await store.ticks(id, { limit: 1, where: { starts: true } })).items.map(({ key }) => key)).toEqual([at(4)]);
      expect((await store.ticks(id, { limit: 9, where: { status: "Skipped" } })).items.map(({ key }) => key)).toEqual([at(3), at(1)]);
      expect(starting.map(({ key }) => key)).toEqual([at(2), at(4)]);
    });

    test("gives a change to the first who claims it, until it is moved", async () => {
      const claim = (n: number) => ({ tick: at(n), runId: RunId.parse(anId(n)) });
      const claims = await Promise.all([1, 2, 3].map((n) => store.claimChange(id, "c", claim(n))));

      await store.moveChange(id, "c", claim(4));

      expect(new Set(claims.map(({ tick }) => tick)).size).toBe(1);
      expect(await store.claimChange(id, "c", claim(5))).toEqual(claim(4));
      expect(await store.claimChange(ScheduleId.parse(anId(2)), "c", claim(5))).toEqual(claim(5));
    });

    test("keeps what a poll saw, over what an earlier one did", async () => {
      const blobs = Array.from({ length: 10_000 }, (_, n) => String(n).padStart(11, "x"));
      await store.putSeenBlobs(id, { since: at(0), blobs: [] });
      await store.putSeenBlobs(id, { since: at(1), blobs });

      expect(await store.seenBlobs(id)).toEqual({ since: at(1), blobs });
      expect(await store.seenBlobs(ScheduleId.parse(anId(2)))).toBeUndefined();
    });
  });
}
