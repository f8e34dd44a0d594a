/** Kinds of catalog entries, by the plural that names their routes. */
export type CatalogKind = "computes" | "datastores" | "environments";

/** What the workspace knows by name. Values are checked by whoever reads them. @throws {StoreError} */
export interface CatalogStore {
  get(kind: CatalogKind, name: string): Promise<unknown>;
  /** Adds or replaces. */
  put(kind: CatalogKind, name: string, value: object): Promise<void>;
  /** All entries in order of name. */
  list(kind: CatalogKind): Promise<unknown[]>;
  durable(): Promise<void>;
}
