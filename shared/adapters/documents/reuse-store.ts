import { ReuseRecord } from "../../domain/reuse.ts";
import { type Documents, StoreError } from "../../ports/documents.ts";
import type { ReuseStore } from "../../ports/reuse-store.ts";
import { parseOnce } from "./parse-once.ts";

const RECORD = "record";

/** Reuse over {@link Documents}: a partition a fingerprint. */
export function createReuseStore(documents: Documents): ReuseStore {
  const pk = (hash: string) => `reuse:${hash}`;
  return {
    async find(hash) {
      const stored = await documents.read(pk(hash), RECORD);
      if (!stored) return undefined;
      const parsed = parseOnce(ReuseRecord, stored.value);
      if (!parsed.success)
        throw new StoreError("corrupt", `document ${pk(hash)}/${RECORD} is not as this release reads it`, { cause: parsed.error });
      return { value: parsed.data, etag: stored.etag };
    },
    create: async (hash, record) => (await documents.create(pk(hash), RECORD, record)) !== undefined,
    replace: async (hash, record, etag) => (await documents.replace(pk(hash), RECORD, record, etag)) !== undefined,
  };
}
