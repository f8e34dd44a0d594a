import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRunStore } from "../../shared/adapters/documents/run-store.ts";
import { type RunHead, SettledMarker, StepRunDocument } from "../../shared/domain/run-documents.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import type { RunStore } from "../../shared/ports/run-store.ts";
import { aGraph, anId, aRunGraph } from "../support/graphs.ts";
import { aHead } from "../support/run-head.ts";

const INSTANT = "2026-01-01T00:00:00.000Z";

/** What every {@link RunStore} does. `open` gives documents of its own to each test, closed afterwards by the test. */
export function runStoreContract(adapter: string, open: () => Promise<Documents>): void {
  describe(`RunStore over ${adapter}`, () => {
    let documents: Documents;
    let runs: RunStore;
    beforeEach(async () => {
      documents = await open();
      runs = createRunStore({ documents });
    });
    afterEach(() => documents.close());

    const create = (n: number, more: Partial<RunHead> = {}) =>
      runs.create({
        head: aHead(n, more),
        graph: { ...aRunGraph(aGraph({ a: [] })), runId: anId(n) },
        progress: { runId: anId(n), steps: "n", lastMarker: "" },
      });

    test("creates a run once, and reads its own write", async () => {
      const first = await create(1);
      const again = await create(1, { displayName: "another" });

      expect([first, again]).toEqual([true, false]);
      expect((await runs.head(anId(1)))?.value.displayName).toBe("d");
      expect((await runs.progress(anId(1)))?.value.steps).toBe("n");
      expect((await runs.graph(anId(1)))?.graph.steps).toHaveLength(1);
      expect(await runs.head(anId(2))).toBeUndefined();
    });

    test("lets one of two who move a run at once", async () => {
      await create(1);
      const head = await runs.head(anId(1));
      const progress = await runs.progress(anId(1));
      if (!head || !progress) throw new Error("the run is not there");

      const heads = await Promise.all([1, 2, 3].map((n) => runs.replaceHead({ ...head.value, displayName: `d${n}` }, head.etag)));
      const steps = await Promise.all(
        ["s", "c"].map((letter) => runs.replaceProgress({ ...progress.value, steps: letter }, progress.etag)),
      );

      expect(heads.filter(Boolean)).toHaveLength(1);
      expect(steps.filter(Boolean)).toHaveLength(1);
      expect((await runs.head(anId(1)))?.value.displayName).toBe(`d${heads.indexOf(true) + 1}`);
    });

    test("lists the newest first, page by page, each once, by what is asked for", async () => {
      const ids = Array.from({ length: 25 }, (_, n) => n + 1);
      await Promise.all(ids.map((n) => create(n, { experimentName: n % 2 ? "odd" : "even", settled: n > 20 })));

      const all: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await runs.list({}, { after, limit: 10 });
        all.push(...page.items.map(({ id }) => id));
        after = page.next;
        more = after !== undefined;
      }
      const odd = await runs.list({ experimentName: "odd", settled: true }, { limit: 10 });

      expect(all).toEqual(ids.map(anId).reverse());
      expect(odd.items.map(({ id }) => id)).toEqual([anId(25), anId(23), anId(21)]);
    });

    test("creates a step run once, and answers the one that is there", async () => {
      const first = await runs.createStepRun(aStepRun());
      const second = await runs.createStepRun({ ...aStepRun(), key: "another" });

      expect(second).toEqual(first);
      expect(await runs.replaceStepRun({ ...first.value, status: "Failed" }, first.etag)).toBe(true);
      expect(await runs.replaceStepRun({ ...first.value, status: "Completed" }, first.etag)).toBe(false);
      expect((await runs.stepRun(anId(2)))?.value.status).toBe("Failed");
    });

    test("leaves each settled marker once, and gives them in order of their keys", async () => {
      const keys = [5, 3, 4].map((n) => anId(n));
      for (const [index, key] of keys.entries()) await runs.addSettled(anId(1), key, aMarker(index));
      await runs.addSettled(anId(1), anId(3), aMarker(99));

      const all = await runs.settledAfter(anId(1), "");
      const later = await runs.settledAfter(anId(1), anId(3));

      expect(all.map(({ marker }) => marker.index)).toEqual([1, 2, 0]);
      expect(later.map(({ key }) => key)).toEqual([anId(4), anId(5)]);
    });

    test("gives the reused steps of the pages that are asked for, and says when one is not there", async () => {
      const step = (index: number) => ({
        index,
        stepRunId: anId(10 + index),
        at: INSTANT,
        source: { runId: anId(7), stepRunId: anId(8), outputs: { o: { datastore: "d", path: "p" } } },
      });
      await runs.addReused(anId(1), "one", [step(0), step(1)]);
      await runs.addReused(anId(1), "lost", [step(2)]);
      await runs.addReused(anId(1), "two", [step(3)]);

      expect(await runs.reused(anId(1), ["one", "two"])).toEqual([step(0), step(1), step(3)]);
      await expect(runs.reused(anId(1), ["three"])).rejects.toMatchObject({ kind: "corrupt", message: expect.stringContaining("three") });
    });

    test("turns the wake flag on for one of those who do so at once, and again after it was cleared or has grown old", async () => {
      const at = Date.parse(INSTANT);
      await runs.turnOnWake(anId(1), at);
      await runs.clearWake(anId(1), at);

      const told = await Promise.all([1, 2, 3].map(() => runs.turnOnWake(anId(1), at + 1)));
      const old = await runs.turnOnWake(anId(1), at + 60_000);

      expect(told.filter(Boolean)).toHaveLength(1);
      expect(old).toBe(true);
    });

    test("keeps a batch of metrics once, in the order of batches", async () => {
      const batch = (order: number, value: number) => ({
        batchId: anId(order),
        order,
        entries: [{ kind: "scalar" as const, name: "m", value, time: INSTANT }],
      });
      await runs.addMetrics(anId(1), batch(2, 20));
      await runs.addMetrics(anId(1), batch(1, 10));
      await runs.addMetrics(anId(1), batch(2, 99));

      expect((await runs.metrics(anId(1))).map((entry) => (entry as { value: unknown }).value)).toEqual([10, 20]);
    });

    test("gives an idempotency key to the first who claims it", async () => {
      const claims = await Promise.all([1, 2, 3].map((n) => runs.claimKey("key", { runId: anId(n), bodyHash: "h" })));

      expect(new Set(claims.map(({ runId }) => runId)).size).toBe(1);
    });
  });
}

function aStepRun(): StepRunDocument {
  return StepRunDocument.parse({
    id: anId(2),
    runId: anId(1),
    index: 0,
    key: "a",
    attempt: 1,
    createdAt: INSTANT,
    tokenExpiresAt: INSTANT,
    status: "Running",
  });
}
function aMarker(index: number): SettledMarker {
  return SettledMarker.parse({ index, stepRunId: anId(2), status: "Completed", attempt: 1, endedAt: INSTANT });
}
