import { expect, test } from "vitest";
import type { BlobInfo, BlobStore } from "../../../shared/ports/blob-store.ts";
import { dataIdentity, IDENTIFIED_FILES } from "../../../shared/services/data-identity.ts";

const blob = (path: string, more: Partial<BlobInfo> = {}): BlobInfo => ({
  path,
  size: 1,
  etag: "e",
  modifiedAt: "2026-01-01T00:00:00Z",
  ...more,
});

/** A datastore with these blobs, in order of path. */
function store(blobs: readonly BlobInfo[]): BlobStore {
  const answers: Pick<BlobStore, "stat" | "list"> = {
    stat: async ({ path }) => blobs.find((each) => each.path === path),
    list: async (_, { prefix = "", after = "", limit }) => {
      const found = blobs.filter(({ path }) => path.startsWith(prefix) && path > after);
      const page = found.slice(0, limit);
      return { blobs: page, ...(found.length > limit && { next: page.at(-1)?.path ?? "" }) };
    },
  };
  return answers as BlobStore;
}
const identify = (blobs: readonly BlobInfo[]) => dataIdentity(store(blobs), { datastore: "d", path: "data" });
const folder = (count: number) => Array.from({ length: count }, (_, index) => blob(`data/${String(index).padStart(6, "0")}`));

test("the identity of a file is its size and etag", async () => {
  const before = await identify([blob("data")]);

  expect(before).toEqual({ identity: "file of 1 bytes, e" });
  expect(await identify([blob("data", { etag: "f" })])).not.toEqual(before);
});

test.each<[string, BlobInfo[]]>([
  ["a file's content", [blob("data/a", { etag: "f" }), blob("data/b")]],
  ["a file's name", [blob("data/a"), blob("data/c")]],
  ["a file more", [blob("data/a"), blob("data/b"), blob("data/c")]],
  ["a file less", [blob("data/a")]],
])("the identity of a folder changes with %s", async (_, after) => {
  const before = await identify([blob("data/a"), blob("data/b")]);

  expect(before).toEqual({ identity: expect.stringContaining("folder of 2 files, 2 bytes") });
  expect(await identify(after)).not.toEqual(before);
  expect(await identify([blob("data/a"), blob("data/b"), blob("database/c")])).toEqual(before);
});

test("the identity of a folder of more files than are looked at is unknown", async () => {
  expect(await identify(folder(IDENTIFIED_FILES))).toEqual({ identity: expect.stringContaining("folder of 10000 files") });
  expect(await identify(folder(IDENTIFIED_FILES + 1))).toEqual({
    unknown: "data holds more than 10,000 files, which are not looked at one by one",
  });
});

test("the identity of nothing is unknown", async () => {
  expect(await identify([])).toEqual({ unknown: "there is nothing at data yet" });
});
