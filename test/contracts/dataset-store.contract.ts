import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDatasetStore } from "../../shared/adapters/documents/dataset-store.ts";
import { Dataset } from "../../shared/domain/dataset.ts";
import type { DatasetStore } from "../../shared/ports/dataset-store.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import { anId } from "../support/graphs.ts";

/** What every {@link DatasetStore} does. `open` gives documents of its own to each test, closed afterwards by the test. */
export function datasetStoreContract(adapter: string, open: () => Promise<Documents>): void {
  describe(`DatasetStore over ${adapter}`, () => {
    let documents: Documents;
    let datasets: DatasetStore;
    beforeEach(async () => {
      documents = await open();
      datasets = createDatasetStore(documents);
    });
    afterEach(() => documents.close());

    test("adds versions and reads its own write, by id and by name", async () => {
      const [first, second] = [aDataset({ id: anId(1) }), aDataset({ id: anId(2), version: 2, path: "iris/2" })];

      expect([await datasets.add(first), await datasets.add(second)]).toEqual(["added", "added"]);

      expect([await datasets.byId(anId(1)), await datasets.byId(anId(2)), await datasets.byId(anId(3))]).toEqual([
        first,
        second,
        undefined,
      ]);
      expect([await datasets.byName("iris"), await datasets.byName("iris", 1), await datasets.byName("iris", 3)]).toEqual([
        second,
        first,
        undefined,
      ]);
      expect(await datasets.byName("wine")).toBeUndefined();
    });

    test("lets one of those who add the same version at once", async () => {
      const outcomes = await Promise.all([1, 2, 3].map((n) => datasets.add(aDataset({ id: anId(n) }))));

      expect(outcomes.sort()).toEqual(["added", "version-taken", "version-taken"]);
      const added = await datasets.byName("iris");
      expect(added && (await datasets.byId(added.id))).toEqual(added);
    });

    test("lets those who came second try the next version under the id they had", async () => {
      await datasets.add(aDataset({ id: anId(1) }));
      const second = aDataset({ id: anId(2), version: 2 });

      expect(await datasets.add({ ...second, version: 1 })).toBe("version-taken");
      expect(await datasets.byId(anId(2))).toBeUndefined();
      expect(await datasets.add(second)).toBe("added");
      expect(await datasets.byId(anId(2))).toEqual(second);
    });

    test("gives no id twice", async () => {
      await datasets.add(aDataset({ id: anId(1) }));

      expect(await datasets.add(aDataset({ id: anId(1), name: "wine" }))).toBe("id-taken");
      expect(await datasets.byName("wine")).toBeUndefined();
    });

    test("lists names in order by their latest versions, and versions of a name with the newest first, page by page", async () => {
      for (const [n, name] of ["c", "a", "b"].entries()) await datasets.add(aDataset({ id: anId(n), name }));
      for (const version of [2, 3]) await datasets.add(aDataset({ id: anId(10 + version), name: "a", version }));

      const first = await datasets.list({ limit: 2 });
      const rest = await datasets.list({ limit: 2, after: first.next });
      const versions = await datasets.versions("a", { limit: 2 });
      const older = await datasets.versions("a", { limit: 2, after: 2 });

      expect([...first.items, ...rest.items].map(({ name, version }) => [name, version])).toEqual([
        ["a", 3],
        ["b", 1],
        ["c", 1],
      ]);
      expect(rest.next).toBeUndefined();
      expect([...versions.items, ...older.items].map(({ version }) => version)).toEqual([3, 2, 1]);
    });
  });
}

export function aDataset(more: Partial<Record<keyof Dataset, unknown>> = {}): Dataset {
  return Dataset.parse({
    id: anId(0),
    name: "iris",
    version: 1,
    type: "file",
    datastore: "workspaceblobstore",
    path: "iris",
    tags: {},
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: { objectId: "o", tenantId: "t" },
    ...more,
  });
}
