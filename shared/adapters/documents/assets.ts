import { z } from "zod";
import type { Documents, Stored } from "../../ports/documents.ts";
import type { Assets } from "../../ports/pipeline-store.ts";
import { parseOnce } from "./parse-once.ts";
import { readable } from "./readable.ts";
import { RecentlyUsed } from "./recently-used.ts";

const Pointer = z.strictObject({ key: z.string() });
const PAGE = 200;

/**
 * Assets over {@link Documents}: one partition a kind, sorted by when each was made. An id that was brought along says nothing of time, so a
 * pointer leads from it to its document. A pointer never changes: who brings the same id again, after a delete say, is led to the same place.
 */
export function createAssets<T extends { id: string; deletedAt?: string | undefined }>({
  documents,
  schema,
  kind,
}: {
  documents: Documents;
  schema: z.ZodType<T>;
  kind: string;
}): Assets<T> {
  const pointers = `${kind}-ids`;
  const known = new RecentlyUsed<string, string>(10_000);

  const read = async (key: string): Promise<Stored<T> | undefined> => {
    const stored = await documents.read(kind, key);
    return stored && { value: readable(parseOnce(schema, stored.value), kind, key), etag: stored.etag };
  };
  /** The document of an id, deleted ones among them, and where it is. */
  const locate = async (id: string): Promise<{ key: string; stored: Stored<T> | undefined } | undefined> => {
    const led = known.get(id);
    if (led !== undefined) return { key: led, stored: await read(led) };
    const direct = await read(id);
    if (direct?.value.id === id) return { key: id, stored: direct };
    const pointer = await documents.read(pointers, id);
    if (!pointer) return undefined;
    const { key } = readable(Pointer.safeParse(pointer.value), pointers, id);
    known.set(id, key);
    return { key, stored: await read(key) };
  };
  const isThere = (stored: Stored<T> | undefined) => stored !== undefined && stored.value.deletedAt === undefined;

  return {
    async create(asset, order) {
      if (asset.id === order) return (await documents.create(kind, order, asset)) !== undefined;
      for (;;) {
        const place = await locate(asset.id);
        if (!place) {
          await documents.create(pointers, asset.id, { key: order });
          continue; // whoever came first has said where
        }
        const { key, stored } = place;
        if (!stored) return (await documents.create(kind, key, asset)) !== undefined;
        if (isThere(stored)) return false;
        if (await documents.replace(kind, key, asset, stored.etag)) return true;
      }
    },
    async find(id) {
      const stored = (await locate(id))?.stored;
      return isThere(stored) ? stored : undefined;
    },
    async replace(asset, etag) {
      const place = await locate(asset.id);
      return place !== undefined && (await documents.replace(kind, place.key, asset, etag)) !== undefined;
    },
    async list(where, { after, limit }) {
      const items: T[] = [];
      let next = after;
      do {
        const page = await documents.list(kind, { descending: true, after: next, limit: Math.min(PAGE, limit - items.length), where });
        for (const { sk, value } of page.items) {
          const asset = readable(parseOnce(schema, value), kind, sk);
          if (asset.deletedAt === undefined) items.push(asset);
        }
        next = page.next;
      } while (next !== undefined && items.length < limit);
      return { items, ...(next !== undefined && { next }) };
    },
  };
}
