import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCatalogStore } from "../../../shared/adapters/documents/catalog-store.ts";
import { createDatasetStore } from "../../../shared/adapters/documents/dataset-store.ts";
import { openSqliteDocuments } from "../../../shared/adapters/sqlite/documents.ts";
import { RegisterDatasetRequest } from "../../../shared/api/requests.ts";
import type { Documents } from "../../../shared/ports/documents.ts";
import { createCatalog } from "../../../shared/services/catalog.ts";
import { type DatasetsDeps, getDataset, listDatasets, registerDataset } from "../../../shared/services/datasets.ts";
import { anId } from "../../support/graphs.ts";
import { aUser } from "../../support/run-rig.ts";

let documents: Documents;
let deps: DatasetsDeps;
let minted: number;
beforeEach(async () => {
  documents = openSqliteDocuments({ file: ":memory:" });
  const catalog = createCatalog(createCatalogStore(documents));
  await catalog.put("datastores", { name: "blob", kind: "AzureBlob", container: "blob" });
  minted = 0;
  deps = { datasets: createDatasetStore(documents), catalog, clock: { now: () => Date.UTC(2026, 0, 1), newId: () => anId(++minted) } };
});
afterEach(() => documents.close());

const register = (more: object = {}) =>
  registerDataset(deps)(aUser, RegisterDatasetRequest.parse({ name: "iris", datastore: "blob", path: "iris/1", ...more }));

describe("registerDataset", () => {
  test("makes the first version of a name", async () => {
    expect(await register({ tags: { a: "b" } })).toEqual({
      added: true,
      dataset: {
        id: anId(1),
        name: "iris",
        version: 1,
        type: "file",
        datastore: "blob",
        path: "iris/1",
        tags: { a: "b" },
        createdAt: "2026-01-01T00:00:00.000Z",
        createdBy: { objectId: "ada", tenantId: "tenant" },
      },
    });
  });

  test("finds the version that is the same place, and makes none", async () => {
    const first = await register();

    expect(await register({ createNewVersion: true })).toEqual({ ...first, added: false });
  });

  test("makes another version only where that is asked for", async () => {
    await register();

    await expect(register({ path: "iris/2" })).rejects.toMatchObject({
      problem: {
        kind: "conflict",
        message: 'dataset "iris" is there: version 1, a file dataset, lies in blob at "iris/1"',
        remedy: 'send "createNewVersion": true for a new version, or choose another name',
      },
    });
    expect(await register({ path: "iris/2", createNewVersion: true })).toMatchObject({ added: true, dataset: { version: 2 } });
  });

  test("gives those who register at once a version each", async () => {
    const all = await Promise.all([1, 2, 3].map((n) => register({ path: `iris/${n}`, createNewVersion: true })));

    expect(all.map(({ dataset }) => dataset.version).sort()).toEqual([1, 2, 3]);
    expect(new Set(all.map(({ dataset }) => dataset.id)).size).toBe(3);
  });

  test("takes over an id that callers know already, once", async () => {
    const id = "0b4ab1d2-56a1-4b5e-9a3a-2f1d8e6c7b90";

    expect(await register({ id: id.toUpperCase() })).toMatchObject({ dataset: { id } });
    await expect(register({ name: "wine", id })).rejects.toMatchObject({
      problem: { kind: "conflict", message: `dataset id ${id} is in use` },
    });
  });

  test("refuses a datastore that is not there", async () => {
    await expect(register({ datastore: "nowhere" })).rejects.toMatchObject({
      problem: {
        kind: "invalid-request",
        errors: [{ pointer: "/datastore", message: 'the workspace has no datastore "nowhere"', remedy: "known: blob" }],
      },
    });
  });
});

describe("getDataset", () => {
  test("finds by id in any case, by name, and by name and version", async () => {
    const { dataset } = await register();

    const found = await Promise.all([
      getDataset(deps)(dataset.id.toUpperCase(), undefined),
      getDataset(deps)("iris", undefined),
      getDataset(deps)("iris", 1),
    ]);

    expect(found).toEqual([dataset, dataset, dataset]);
  });

  test("says which version is the latest where another was asked for", async () => {
    await register();

    await expect(getDataset(deps)("iris", 7)).rejects.toMatchObject({
      problem: { kind: "not-found", what: "version", id: "7", within: 'dataset "iris"', remedy: "its latest version is 1" },
    });
    await expect(getDataset(deps)("wine", undefined)).rejects.toMatchObject({
      problem: { kind: "not-found", what: "dataset", id: "wine" },
    });
  });
});

describe("listDatasets", () => {
  test("pages over all versions of a name by its cursor", async () => {
    for (const n of [1, 2, 3]) await register({ path: `iris/${n}`, createNewVersion: true });

    const first = await listDatasets(deps)({ name: "iris", limit: 2 });
    const rest = await listDatasets(deps)({ name: "iris", limit: 2, cursor: first.cursor });

    expect([...first.datasets, ...rest.datasets].map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(rest.cursor).toBeUndefined();
    await expect(listDatasets(deps)({ name: "iris", limit: 2, cursor: "x" })).rejects.toMatchObject({
      problem: { kind: "invalid-request" },
    });
  });
});
