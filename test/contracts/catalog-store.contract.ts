import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCatalogStore } from "../../shared/adapters/documents/catalog-store.ts";
import type { CatalogStore } from "../../shared/ports/catalog-store.ts";
import type { Documents } from "../../shared/ports/documents.ts";

/** What every {@link CatalogStore} does. `open` gives documents of its own to each test, closed afterwards by the test. */
export function catalogStoreContract(adapter: string, open: () => Promise<Documents>): void {
  describe(`CatalogStore over ${adapter}`, () => {
    let documents: Documents;
    let catalog: CatalogStore;
    beforeEach(async () => {
      documents = await open();
      catalog = createCatalogStore(documents);
    });
    afterEach(() => documents.close());

    test("adds, replaces and reads its own write", async () => {
      await catalog.put("computes", "cpu", { nodes: 1 });
      await catalog.put("computes", "cpu", { nodes: 2 });

      expect(await catalog.get("computes", "cpu")).toEqual({ nodes: 2 });
      expect(await catalog.get("computes", "gpu")).toBeUndefined();
      expect(await catalog.get("environments", "cpu")).toBeUndefined();
    });

    test("ends with the entry of one of those who put it at once", async () => {
      await Promise.all([1, 2, 3].map((nodes) => catalog.put("computes", "cpu", { nodes })));

      expect(await catalog.list("computes")).toEqual([{ nodes: expect.any(Number) }]);
    });

    test("lists one kind in order of name, more than a page of it", async () => {
      const names = Array.from({ length: 1001 }, (_, i) => `n${String((i * 7919) % 1001).padStart(4, "0")}`);
      for (let i = 0; i < names.length; i += 100)
        await Promise.all(names.slice(i, i + 100).map((name) => catalog.put("datastores", name, { name })));
      await catalog.put("computes", "cpu", {});

      const listed = (await catalog.list("datastores")) as { name: string }[];

      expect(listed.map(({ name }) => name)).toEqual([...names].sort());
    });
  });
}
