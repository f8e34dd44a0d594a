import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPipelineStore } from "../../shared/adapters/documents/pipeline-store.ts";
import { MAX_STEPS } from "../../shared/domain/pipeline-graph.ts";
import { PublishedPipeline } from "../../shared/domain/published-pipeline.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import type { PipelineStore } from "../../shared/ports/pipeline-store.ts";
import { aGraph, anId, diamond } from "../support/graphs.ts";

const OLD_ID = "0b4ab1d2-56a1-4b5e-9a3a-2f1d8e6c7b90";

/** What every {@link PipelineStore} does. `open` gives documents of its own to each test, closed afterwards by the test. */
export function pipelineStoreContract(adapter: string, open: () => Promise<Documents>): void {
  describe(`PipelineStore over ${adapter}`, () => {
    let documents: Documents;
    let pipelines: PipelineStore;
    beforeEach(async () => {
      documents = await open();
      pipelines = createPipelineStore(documents);
    });
    afterEach(() => documents.close());

    const create = (n: number, more: Record<string, unknown> = {}) =>
      pipelines.published.create(aPublished({ id: anId(n), ...more }), anId(n));

    test("creates an asset once, and reads its own write", async () => {
      expect([await create(1), await create(1, { name: "another" })]).toEqual([true, false]);

      expect((await pipelines.published.find(anId(1)))?.value).toEqual(aPublished({ id: anId(1) }));
      expect(await pipelines.published.find(anId(2))).toBeUndefined();
      expect(await pipelines.drafts.find(anId(1))).toBeUndefined();
    });

    test("takes over an id of any kind, for one of those who bring it", async () => {
      const brought = [1, 2, 3].map((n) => create(n, { id: OLD_ID, name: `p${n}` }));

      const taken = await Promise.all(brought);

      expect(taken.filter(Boolean)).toHaveLength(1);
      const { value } = (await pipelines.published.find(OLD_ID)) ?? {};
      expect(value?.name).toBe(`p${taken.indexOf(true) + 1}`);
      expect((await pipelines.published.list({}, { limit: 10 })).items).toEqual([value]);
      expect((await createPipelineStore(documents).published.find(OLD_ID))?.value).toEqual(value);
    });

    test("does not take the place of one asset for the id of another", async () => {
      await create(1, { id: OLD_ID });

      expect(await pipelines.published.find(anId(1))).toBeUndefined();
    });

    test("gives the id of a deleted one to the next who brings it", async () => {
      for (const id of [anId(1), OLD_ID]) {
        await create(1, { id });
        const stored = await pipelines.published.find(id);
        await pipelines.published.replace(aPublished({ id, deletedAt: "2026-01-02T00:00:00.000Z" }), stored?.etag ?? "");

        expect(await pipelines.published.find(id)).toBeUndefined();
        expect(await create(2, { id, name: "again" })).toBe(true);
        expect((await pipelines.published.find(id))?.value.name).toBe("again");
      }
    });

    test("lets one of two who change an asset at once", async () => {
      await create(1, { id: OLD_ID });
      const { etag = "" } = (await pipelines.published.find(OLD_ID)) ?? {};

      const changed = await Promise.all([1, 2, 3].map((n) => pipelines.published.replace(aPublished({ id: OLD_ID, name: `p${n}` }), etag)));

      expect(changed.filter(Boolean)).toHaveLength(1);
    });

    test("lists the newest first by what is asked for, page by page, without those that were deleted", async () => {
      for (let n = 1; n <= 9; n++)
        await create(n, {
          name: n % 2 ? "odd" : "even",
          status: n > 6 ? "Disabled" : "Active",
          ...(n % 3 === 0 && { deletedAt: "2026-01-02T00:00:00.000Z" }),
        });

      const all: string[] = [];
      let after: string | undefined;
      do {
        const page = await pipelines.published.list({}, { after, limit: 2 });
        all.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      const active = await pipelines.published.list({ status: "Active", name: "even" }, { limit: 10 });

      expect(all).toEqual([8, 7, 5, 4, 2, 1].map(anId));
      expect(active.items.map(({ id }) => id)).toEqual([4, 2].map(anId));
    });

    test("stores a graph once for the same content, and another for another", async () => {
      const ids = [await pipelines.putGraph(diamond()), await pipelines.putGraph(diamond()), await pipelines.putGraph(aGraph({ a: [] }))];

      expect(new Set(ids).size).toBe(2);
      expect(await pipelines.graph(ids[0] ?? "")).toEqual(diamond());
      expect(await pipelines.graph("0".repeat(64))).toBeUndefined();
    });

    test("keeps a graph of as many steps as a pipeline may have", async () => {
      const graph = aGraph(Object.fromEntries(Array.from({ length: MAX_STEPS }, (_, i) => [`step "${i}" 😀\\`, []])));

      const id = await pipelines.putGraph(graph);

      // Another process reads it, which remembers nothing.
      expect(await createPipelineStore(documents).graph(id)).toEqual(graph);
    });

    test("lets one of those who claim a name, and whoever saw the claim replace it", async () => {
      const claim = (n: number, etag?: string) =>
        pipelines.claimEndpointName("iris", { id: anId(n), at: "2026-01-01T00:00:00.000Z" }, etag);

      const claimed = await Promise.all([1, 2, 3].map((n) => claim(n)));
      const { etag } = (await pipelines.endpointName("iris")) ?? {};

      expect(claimed.filter(Boolean)).toHaveLength(1);
      expect([await claim(4, etag), await claim(5, etag)]).toEqual([true, false]);
      expect((await pipelines.endpointName("iris"))?.value.id).toBe(anId(4));
      expect(await pipelines.endpointName("wine")).toBeUndefined();
    });
  });
}

export function aPublished(more: Partial<Record<keyof PublishedPipeline, unknown>> = {}): PublishedPipeline {
  return PublishedPipeline.parse({
    id: anId(0),
    name: "iris",
    status: "Active",
    graphId: "a".repeat(64),
    parameters: {},
    stepCount: 1,
    continueOnStepFailure: false,
    tags: {},
    properties: {},
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: { objectId: "o", tenantId: "t" },
    modifiedAt: "2026-01-01T00:00:00.000Z",
    ...more,
  });
}
