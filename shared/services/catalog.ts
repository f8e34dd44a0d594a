import type { z } from "zod";
import { ComputeResource, DatastoreResource, EnvironmentResource } from "../api/resources.ts";
import { ProblemError } from "../domain/problems.ts";
import type { CatalogKind, CatalogStore } from "../ports/catalog-store.ts";

const ENTRY = { computes: ComputeResource, datastores: DatastoreResource, environments: EnvironmentResource } as const;
const SINGULAR = { computes: "compute", datastores: "datastore", environments: "environment" } as const;
type Entry<K extends CatalogKind> = z.output<(typeof ENTRY)[K]>;

/** Named computes, datastores and environments of the workspace. */
export interface Catalog {
  /** @throws {ProblemError} not-found, with the names there are. */
  get<K extends CatalogKind>(kind: K, name: string): Promise<Entry<K>>;
  find<K extends CatalogKind>(kind: K, name: string): Promise<Entry<K> | undefined>;
  put<K extends CatalogKind>(kind: K, entry: Entry<K>): Promise<Entry<K>>;
  list<K extends CatalogKind>(kind: K): Promise<Entry<K>[]>;
}

export function createCatalog(store: CatalogStore): Catalog {
  const parse = <K extends CatalogKind>(kind: K, value: unknown) => ENTRY[kind].parse(value) as Entry<K>;
  const catalog: Catalog = {
    async find(kind, name) {
      const value = await store.get(kind, name);
      return value === undefined ? undefined : parse(kind, value);
    },
    async get(kind, name) {
      const found = await catalog.find(kind, name);
      if (found) return found;
      const names = (await catalog.list(kind)).map((entry) => entry.name);
      throw new ProblemError({
        kind: "not-found",
        what: SINGULAR[kind],
        id: name,
        remedy: names.length > 0 ? `known: ${names.join(", ")}` : `add one with PUT /api/${kind}/{name}`,
      });
    },
    async put(kind, entry) {
      await store.put(kind, entry.name, entry);
      await store.durable();
      return entry;
    },
    list: async (kind) => (await store.list(kind)).map((value) => parse(kind, value)),
  };
  return catalog;
}

/** The container of a datastore by its name. @throws {ProblemError} not-found */
export function datastoreContainer(catalog: Catalog): (name: string) => Promise<string> {
  return async (name) => (await catalog.get("datastores", name)).container;
}
