import { z } from "zod";
import { RunId } from "../../domain/ids.ts";
import { Schedule, ScheduleId } from "../../domain/schedules/schedule.ts";
import { Tick, TickKey } from "../../domain/schedules/tick.ts";
import type { Documents, ListOptions, Stored } from "../../ports/documents.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import { createAssets } from "./assets.ts";
import { parseOnce } from "./parse-once.ts";
import { putDocument } from "./put-document.ts";
import { readable } from "./readable.ts";

/** Partition of the schedules: one for the workspace, so that what is due is one query. */
const SCHEDULES = "schedules";
const TICK = "tick:";
const CHANGE = "change:";
const SEEN = "seen-blobs";

const Claim = z.strictObject({ tick: TickKey, runId: RunId });
const Seen = z.strictObject({ since: z.string(), blobs: z.array(z.string()) });

/** Schedules over {@link Documents}: ticks, claimed changes and what a poll has seen lie in a partition of each schedule's own. */
export function createScheduleStore(documents: Documents): ScheduleStore {
  const own = (id: ScheduleId) => `schedule:${id}`;

  async function read<T extends z.ZodType>(schema: T, pk: string, sk: string): Promise<Stored<z.output<T>> | undefined> {
    const stored = await documents.read(pk, sk);
    return stored && { value: readable(parseOnce(schema, stored.value), pk, sk), etag: stored.etag };
  }
  /** A document that is damaged fits every condition: who looks for what is due has to hear of it. */
  async function all(pk: string, options: Omit<ListOptions, "limit">): Promise<{ sk: string; value: unknown }[]> {
    const items: { sk: string; value: unknown }[] = [];
    let after = options.after;
    do {
      const page = await documents.list(pk, { ...options, after, limit: 1000 });
      items.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    return items;
  }

  return {
    schedules: createAssets({ documents, schema: Schedule, kind: SCHEDULES }),
    async due(bucket) {
      const found = await all(SCHEDULES, { where: bucket === undefined ? { status: "Active" } : { dueBucket: bucket } });
      const parsed = found.map(({ sk, value }) => ({ sk, due: Due.safeParse(value).data }));
      return {
        ids: parsed.flatMap(({ due }) => (due !== undefined && due.dueBucket !== "" ? [due.id] : [])),
        unreadable: parsed.flatMap(({ sk, due }) => (due === undefined ? [sk] : [])),
      };
    },
    async watching() {
      return (await all(SCHEDULES, { where: { watching: true } })).flatMap(({ value }) => parseOnce(Schedule, value).data ?? []);
    },

    createTick: async (id, tick) => (await documents.create(own(id), TICK + tick.key, tick)) !== undefined,
    tick: (id, key) => read(Tick, own(id), TICK + key),
    replaceTick: async (id, tick, etag) => (await documents.replace(own(id), TICK + tick.key, tick, etag)) !== undefined,
    async ticks(id, { after, limit, where = {} }) {
      const page = await documents.list(own(id), {
        prefix: TICK,
        descending: true,
        limit,
        where,
        after: after === undefined ? undefined : TICK + after,
      });
      const items = page.items.map(({ sk, value }) => readable(parseOnce(Tick, value), own(id), sk));
      return { items, ...(page.next !== undefined && { next: page.next.slice(TICK.length) }) };
    },
    async startingTicks(id, from) {
      const first = await read(Tick, own(id), TICK + from);
      const later = await all(own(id), { prefix: TICK, after: TICK + from, where: { status: "Starting" } });
      const ticks = later.map(({ sk, value }) => readable(parseOnce(Tick, value), own(id), sk));
      return first?.value.status === "Starting" ? [first.value, ...ticks] : ticks;
    },

    async claimChange(id, change, claim) {
      if (await documents.create(own(id), CHANGE + change, claim)) return claim;
      return (await read(Claim, own(id), CHANGE + change))?.value ?? claim;
    },
    moveChange: (id, change, claim) => putDocument(documents, own(id), CHANGE + change, claim),

    seenBlobs: async (id) => (await read(Seen, own(id), SEEN))?.value,
    putSeenBlobs: (id, seen) => putDocument(documents, own(id), SEEN, seen),
    durable: () => documents.durable(),
  };
}

/** What is read of a schedule to see whether it is due. */
const Due = z.object({ id: ScheduleId, dueBucket: z.string() });
