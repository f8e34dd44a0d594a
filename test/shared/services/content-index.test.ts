import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteDocuments } from "../../../shared/adapters/sqlite/documents.ts";
import { createIds } from "../../../shared/adapters/system/clock.ts";
import type { Documents } from "../../../shared/ports/documents.ts";
import { ContentIndex } from "../../../shared/services/content-index.ts";
import { sha256 } from "../../support/storage.ts";

describe("ContentIndex", () => {
  let documents: Documents;
  let now: number;
  beforeEach(() => {
    documents = openSqliteDocuments({ file: ":memory:" });
    now = Date.UTC(2026, 6, 1);
  });
  afterEach(() => documents.close());

  const open = () => new ContentIndex({ documents, clock: { now: () => now, newId: createIds(() => now) } });
  const stored = async () => (await documents.list("content", { limit: 1000 })).items.length;
  const files = (count: number, from = 0) => Array.from({ length: count }, (_, i) => ({ sha256: sha256(`${from + i}`), size: i % 5 }));

  test("keeps 25,000 files of a pack in three documents, with the place of each", async () => {
    const all = files(25_000);
    await open().add("p", all);

    const places = await open().find(all.map((file) => file.sha256));

    let offset = 0;
    for (const { sha256: hash, size } of all) {
      expect(places.get(hash)).toEqual({ pack: "p", offset, size });
      offset += size;
    }
    expect(await stored()).toBe(3);
  });

  test("keeps the first place of a content that comes twice", async () => {
    const index = open();
    await index.add("p", files(3));
    now += 1;
    await index.add("q", files(3));

    const [here, anew] = await Promise.all([index, open()].map((any) => any.find([sha256("2")])));

    expect(here).toEqual(new Map([[sha256("2"), { pack: "p", offset: 1, size: 2 }]]));
    expect(anew).toEqual(here);
  });

  test("sees what another process adds, also under an earlier time", async () => {
    const [index, other] = [open(), open()];
    await index.add("p", files(1));
    now -= 60_000;
    await other.add("q", files(1, 100));

    const places = await index.find([sha256("100")]);

    expect(places.get(sha256("100"))?.pack).toBe("q");
    expect(await index.hasPack("q")).toBe(true);
    expect(await index.hasPack("r")).toBe(false);
  });

  test("reads nothing when it knows all that is asked", async () => {
    const index = open();
    await index.add("p", files(5));
    documents.list = () => Promise.reject(new Error("list"));

    const places = await index.find([sha256("1"), sha256("4")]);

    expect(places.size).toBe(2);
  });

  test("reads again after the store was out of reach", async () => {
    const index = open();
    await open().add("p", files(1));
    const list = documents.list.bind(documents);
    documents.list = () => Promise.reject(new Error("list"));
    await index.find([sha256("0")]).catch(() => undefined);
    documents.list = list;

    const places = await index.find([sha256("0")]);

    expect(places.size).toBe(1);
  });
});
