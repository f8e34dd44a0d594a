import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createReuseStore } from "../../shared/adapters/documents/reuse-store.ts";
import type { ReuseRecord } from "../../shared/domain/reuse.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import type { ReuseStore } from "../../shared/ports/reuse-store.ts";
import { anId } from "../support/graphs.ts";

const HASH = "a".repeat(64);

/** What every {@link ReuseStore} does. `open` gives documents of its own to each test, closed afterwards by the test. */
export function reuseStoreContract(adapter: string, open: () => Promise<Documents>): void {
  describe(`ReuseStore over ${adapter}`, () => {
    let documents: Documents;
    let reuse: ReuseStore;
    beforeEach(async () => {
      documents = await open();
      reuse = createReuseStore(documents);
    });
    afterEach(() => documents.close());

    const running = (n: number): ReuseRecord => ({
      state: "running",
      parts: { type: "CommandStep" },
      runId: anId(n),
      stepRunId: anId(n + 100),
      waiting: [],
    });

    test("gives a fingerprint to one of those who claim it at once", async () => {
      const claims = await Promise.all([1, 2, 3].map((n) => reuse.create(HASH, running(n))));

      expect(claims.filter(Boolean)).toHaveLength(1);
      expect((await reuse.find(HASH))?.value).toEqual(running(claims.indexOf(true) + 1));
      expect(await reuse.find("b".repeat(64))).toBeUndefined();
    });

    test("lets one of two who replace a record at once", async () => {
      await reuse.create(HASH, running(1));
      const etag = (await reuse.find(HASH))?.etag ?? "";
      const completed: ReuseRecord = {
        state: "completed",
        parts: {},
        source: { runId: anId(1), stepRunId: anId(101), outputs: { o: { datastore: "d", path: "p" } } },
      };

      const first = await reuse.replace(HASH, completed, etag);
      const second = await reuse.replace(HASH, { state: "given-up", parts: {} }, etag);

      expect([first, second]).toEqual([true, false]);
      expect((await reuse.find(HASH))?.value).toEqual(completed);
    });

    test("says which record it cannot read", async () => {
      await documents.create(`reuse:${HASH}`, "record", { state: "of a later release" });

      await expect(reuse.find(HASH)).rejects.toMatchObject({ kind: "corrupt", message: expect.stringContaining(`reuse:${HASH}/record`) });
    });
  });
}
