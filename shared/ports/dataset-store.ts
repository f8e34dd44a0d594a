import type { Dataset } from "../domain/dataset.ts";
import type { Page } from "./documents.ts";

/** Registered datasets. A version that is there never changes. Each adapter passes test/contracts/dataset-store.contract.ts. @throws {StoreError} */
export interface DatasetStore {
  /** Adds a version; answers what stood in the way, if that is so: somebody else added this version, or the id is another's. */
  add(dataset: Dataset): Promise<"added" | "version-taken" | "id-taken">;
  byId(id: string): Promise<Dataset | undefined>;
  /** `version` absent: the latest. */
  byName(name: string, version?: number): Promise<Dataset | undefined>;
  /** Latest versions in order of name. `after` is the last name of the page before. */
  list(page: { after?: string | undefined; limit: number }): Promise<Page<Dataset>>;
  /** All versions of one name, newest first. `after` is the last version of the page before. */
  versions(name: string, page: { after?: number | undefined; limit: number }): Promise<Page<Dataset>>;
  durable(): Promise<void>;
}
