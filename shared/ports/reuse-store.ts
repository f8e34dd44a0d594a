import type { ReuseRecord } from "../domain/reuse.ts";
import type { Stored } from "./documents.ts";

/**
 * What is known of steps by their fingerprint. Each adapter passes test/contracts/reuse-store.contract.ts.
 * @throws {StoreError}
 */
export interface ReuseStore {
  find(hash: string): Promise<Stored<ReuseRecord> | undefined>;
  /** Stores the first record of a fingerprint; answers false when there is one. */
  create(hash: string, record: ReuseRecord): Promise<boolean>;
  /** Answers false when somebody else replaced it first. */
  replace(hash: string, record: ReuseRecord, etag: string): Promise<boolean>;
}
